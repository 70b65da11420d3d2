/** The load program, in a process of its own on a core of its own. */
import { fileURLToPath } from 'node:url';
import { LOAD_CORE, startOn, talkWith } from './processes.mjs';

/** @typedef {import('../../load/closed.mjs').Loaded} Loaded */
/** @typedef {import('../../load/paced.mjs').Paced} Paced */
/** @typedef {{ port: number, good: string, bad: string, goodPace: number, badPace: number, closed: number, seconds: number }} Pace */

const program = fileURLToPath(new URL('../../load/generator.mjs', import.meta.url));
const CONNECTIONS = 32;

export class Generator {
  constructor() {
    const child = startOn([process.execPath, program], LOAD_CORE);
    this.ask = talkWith(child, 'the load program').ask;
    this.stop = () => void child.stdin.end();
  }

  /** Names tokens that are sent in rotation. @param {string} name @param {readonly string[]} texts */
  async tokens(name, texts) {
    await this.ask({ op: 'tokens', name, texts });
  }

  /**
   * A slice of load over connections that are open already, and what it cost the server.
   * @param {import('./processes.mjs').Server} server @param {string} tokens - their name @param {number} seconds
   * @returns {Promise<Loaded & { cpu: number, busy: number, rss: number }>} `cpu`: µs for each request; `busy`: the share of the time that the server worked
   */
  async slice(server, tokens, seconds) {
    await this.ask({ op: 'open', port: server.port, tokens, connections: CONNECTIONS });
    const before = await server.usage();
    const loaded = /** @type {Loaded} */ (await this.ask({ op: 'closed', seconds }));
    const after = await server.usage();
    const spent = after.cpuMicroseconds - before.cpuMicroseconds;
    return { ...loaded, cpu: spent / loaded.requests, busy: spent / (loaded.seconds * 1e6), rss: after.rss };
  }

  /** @param {Pace} pace @returns {Promise<Paced>} */
  paced(pace) {
    return this.ask({ op: 'paced', ...pace });
  }
}
