import { dirname } from 'node:path';

/** The packages lie one folder up. Paths with a slash at their end are paths of their own in the table. */
export default { turbopack: { root: dirname(import.meta.dirname) }, skipTrailingSlashRedirect: true, skipProxyUrlNormalize: true };
