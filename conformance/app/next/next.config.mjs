/** Paths with a slash at their end are paths of their own in the table. The proxy sees the query as it was sent. */
export default { skipTrailingSlashRedirect: true, skipProxyUrlNormalize: true };
