/**
 * `npm start`: from a fresh clone to a protected API, a cloud on the desk, and a page to watch them.
 * `npm start -- --self-check` sends requests itself and exits 0 only if every answer is the expected one.
 */
import { build, install, requireNode, stop } from './ready.mjs';

const USAGE = `Usage: npm start [-- --self-check]

Starts the protected Shapes API, a local stand-in for the issuing cloud, and a page that shows every request.
  --self-check   send many requests, print expected beside actual, exit 0 only if all agree

HTTP_PORT, CONSOLE_PORT, CLOUD_PORT   the ports (default: 8002, 8003 and 8004, or the next free ones)
SERVER_HOSTNAME                       the address on which the API listens (default: 127.0.0.1)
APPROOV_BASE64_SECRET                 the secret (default: a fresh one for this run)
APPROOV_CLOUD_STATE                   a file in which the cloud keeps its state (default: in memory)
APPROOV_LOGGING_ENABLED               true: a line for each verdict, here in the terminal`;

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
