/**
 * The load program: commands as lines of JSON on its input, one answer a line. One process makes the load of a whole suite, so that it is
 * compiled and warm when it counts.
 */
import { createInterface } from 'node:readline';
import { ClosedLoad } from './closed.mjs';
import { requestOf } from './connection.mjs';
import { runPaced } from './paced.mjs';

const requests = /** @type {Map<string, readonly Buffer[]>} */ (new Map());
let load = /** @type {ClosedLoad | null} */ (null);

/** @param {string} name */
function requestsOf(name) {
  const found = requests.get(name);
  if (found === undefined) throw new Error(`no tokens named ${name}`);
  return found;
}

/** @type {{ [op: string]: (command: any) => object | Promise<object> }} */
const OPERATIONS = {
  tokens: ({ name, texts }) => {
    requests.set(name, texts.map(requestOf));
    return {};
  },
  open: async ({ port, tokens, connections }) => {
    load = new ClosedLoad(requestsOf(tokens));
    await load.open(port, connections);
    return {};
  },
  closed: async ({ seconds }) => {
    const loaded = await load?.run(seconds);
    load?.close();
    return loaded ?? {};
  },
  paced: ({ good, bad, ...pace }) => runPaced({ ...pace, good: requestsOf(good), bad: requestsOf(bad) }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const operation = OPERATIONS[command.op];
  if (operation === undefined) throw new Error(`unknown: ${command.op}`);
  process.stdout.write(`${JSON.stringify(await operation(command))}\n`);
}
// Connections that are still open do not keep it alive.
process.exit(0);
