/** Message signatures need the query as it was sent, which Next shows to the proxy only, and only so. */
export default { skipProxyUrlNormalize: true };
