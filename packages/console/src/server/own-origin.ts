/** Whether a request to the console comes from its own page: against DNS rebinding and requests that other sites send. */
import type { IncomingMessage } from 'node:http';

/** The names under which a console that listens on loopback is reached. */
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Why a request is refused; `null`: it may pass.
 * @param hosts - further names under which the console may be reached
 */
export function strangerProblem(request: IncomingMessage, port: number, hosts: readonly string[]): string | null {
  const host = request.headers.host?.toLowerCase() ?? '';
  const names = [...LOOPBACK, ...hosts].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
  if (!names.includes(host)) return 'This Host is not the console’s. Open it as http://127.0.0.1 with its port.';
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`) return 'Requests of other sites are not answered.';
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'Requests of other sites are not answered.';
  return null;
}
