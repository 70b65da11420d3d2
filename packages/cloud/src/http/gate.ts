/** Who may speak to the cloud at all: no page of another site, and no name that leads here by a trick. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { CloudError } from '../cloud-error.ts';

/**
 * Lets a request through or throws. A page of another site is told by `Origin` and `Sec-Fetch-Site`, a rebound DNS name by `Host`: an address
 * and `localhost` cannot be rebound.
 * @param names - host names, beside those, under which the cloud may be reached
 * @throws CloudError `host-refused`, `origin-refused`
 */
export function checkSource({ headers, rawHeaders }: IncomingMessage, names: readonly string[]): void {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  const host = headers.host ?? '';
  if (hosts !== 1 || !isLocalName(host, names))
    throw new CloudError('host-refused', 'the Host header must be an address, localhost, or a name given with --host-name');
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`)
    throw new CloudError(
      'origin-refused',
      'pages of other origins may not use the cloud; call it from a server, a test or the command line',
    );
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new CloudError('origin-refused', 'pages of other sites may not use the cloud');
}

function isLocalName(host: string, names: readonly string[]): boolean {
  const [, bracketed, plain] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  const name = plain?.toLowerCase() ?? '';
  return isIP(name) === 4 || name === 'localhost' || name.endsWith('.localhost') || names.includes(name);
}
