/**
 * `npm start`: from a fresh clone to a protected API with requests to try on it.
 * `npm start -- --self-check` sends those requests itself and exits 0 only if every answer is the expected one.
 */
import { build, install, requireNode, stop } from './ready.mjs';

const USAGE = `Usage: npm start [-- --self-check]

Starts the protected Shapes API and prints requests to try on it.
  --self-check   send the requests, print expected beside actual, exit 0 only if all agree

HTTP_PORT               the port (default: a free one)
SERVER_HOSTNAME         the address to listen on (default: 127.0.0.1)
APPROOV_BASE64_SECRET   the secret (default: a fresh one for this run)`;

const parameters = process.argv.slice(2);
const unknown = parameters.filter((parameter) => !['--self-check', '--help', '-h'].includes(parameter));
if (unknown.length > 0) stop(`Unknown: ${unknown.join(' ')}\n\n${USAGE}`);
if (parameters.includes('--help') || parameters.includes('-h')) {
  console.log(USAGE);
} else {
  requireNode();
  install();
  build();
  // Imported only now: it needs what was just installed and built.
  const { demonstrate } = await import('./start/demonstration.mjs');
  await demonstrate({ checkOnly: parameters.includes('--self-check') });
}
