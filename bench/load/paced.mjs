/**
 * Load at a fixed pace, whatever the server does: good requests, and bad ones beside them. The latency of a good request counts from when it
 * was due, so that a queue is not hidden. Bad requests come at a pace of their own, or as fast as a number of connections can.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection.mjs';
import { percentiles } from './latencies.mjs';

const GOOD_CONNECTIONS = 32;
const BAD_CONNECTIONS = 64;
/** An answer that comes later than this after the last request is not awaited. */
const GRACE_MS = 5000;

/**
 * Requests over several connections, one at a time on each; those that find none free wait their turn. A connection that the server ends is
 * opened again.
 */
class Stream {
  /** @param {number} port @param {readonly Buffer[]} requests @param {number} connections @param {(due: number, status: number) => void} answered */
  constructor(port, requests, connections, answered) {
    this.port = port;
    this.requests = requests;
    this.answered = answered;
    this.sent = 0;
    this.done = 0;
    /** Requests whose connection ended before their answer came. */
    this.broken = 0;
    this.waiting = /** @type {number[]} */ ([]);
    this.first = 0;
    this.free = /** @type {Connection[]} */ ([]);
    this.connections = /** @type {Set<Connection>} */ (new Set());
    for (let count = 0; count < connections; count++) this.#connect();
  }

  #connect() {
    const told = {
      open: (/** @type {Connection} */ connection) => this.#free(connection),
      answered: (/** @type {Connection} */ connection, /** @type {number} */ status) => {
        this.done++;
        this.answered(connection.sentAt, status);
        this.#free(connection);
      },
      broken: (/** @type {Connection} */ connection) => this.#broken(connection),
    };
    this.connections.add(new Connection(this.port, told));
  }

  /** @param {Connection} connection */
  #free(connection) {
    if (this.first === this.waiting.length) this.free.push(connection);
    else this.#send(connection, this.waiting[this.first++] ?? 0);
    if (this.first === this.waiting.length) {
      this.waiting = [];
      this.first = 0;
    }
  }

  /** @param {Connection} connection */
  #broken(connection) {
    this.connections.delete(connection);
    this.free = this.free.filter((one) => one !== connection);
    if (connection.awaiting) {
      this.broken++;
      this.done++;
    }
    this.#connect();
  }

  /** @param {Connection} connection @param {number} due */
  #send(connection, due) {
    connection.send(this.requests[this.sent++ % this.requests.length] ?? Buffer.alloc(0), due);
  }

  /** @param {number} due */
  ask(due) {
    const connection = this.free.shift();
    if (connection === undefined) this.waiting.push(due);
    else this.#send(connection, due);
  }

  close() {
    for (const connection of this.connections) connection.close();
  }
}

/**
 * @typedef {object} Pace
 * @property {number} port
 * @property {readonly Buffer[]} good
 * @property {readonly Buffer[]} bad
 * @property {number} goodPace - requests a second
 * @property {number} badPace - requests a second
 * @property {number} closed - instead of `badPace`: how many connections send bad requests as fast as they can
 * @property {number} seconds
 */

/**
 * What became of it. `late` is how late the load program itself was, at its 99th percentile: no latency below it means anything.
 * @typedef {{ asked: number, lost: number, broken: number, unanswered: number, wrong: number, bad: number, badPassed: number, badBroken: number, lateMs: number, p50ms: number, p99ms: number, maxMs: number }} Paced
 */

/** @param {Pace} pace @returns {Promise<Paced>} */
export async function runPaced({ port, good, bad, goodPace, badPace, closed, seconds }) {
  const latencies = /** @type {number[]} */ ([]);
  const late = /** @type {number[]} */ ([]);
  const counts = { wrong: 0, badPassed: 0 };
  let warm = Number.POSITIVE_INFINITY;
  let stopped = false;
  const goods = new Stream(port, good, GOOD_CONNECTIONS, (due, status) => {
    if (due >= warm) latencies.push(performance.now() - due);
    if (status !== 200) counts.wrong++;
  });
  const bads = new Stream(port, bad, closed > 0 ? closed : BAD_CONNECTIONS, (_due, status) => {
    if (status === 200) counts.badPassed++;
    if (closed > 0 && !stopped) bads.ask(performance.now());
  });
  await pause(100);
  const start = performance.now();
  warm = start + seconds * 250;
  for (let index = 0; index < closed; index++) bads.ask(start);
  const asked = await ask({ start, seconds, late, streams: [goods, bads], paces: [goodPace, closed > 0 ? 0 : badPace] });
  stopped = true;
  const answeredInTime = bads.done;
  for (const limit = performance.now() + GRACE_MS; goods.done < asked && performance.now() < limit; ) await pause(5);
  goods.close();
  bads.close();
  const unanswered = asked - goods.done;
  const lost = { lost: unanswered + goods.broken + counts.wrong, broken: goods.broken, unanswered, wrong: counts.wrong };
  const flood = { bad: answeredInTime / seconds, badPassed: counts.badPassed, badBroken: bads.broken };
  return { asked, ...lost, ...flood, lateMs: percentiles(late).p99ms, ...percentiles(latencies) };
}

/**
 * Asks each time one is due.
 * @param {{ start: number, seconds: number, late: number[], streams: readonly [Stream, Stream], paces: readonly [number, number] }} given
 * @returns {Promise<number>} how many good requests were due
 */
function ask({ start, seconds, late, streams, paces }) {
  const end = start + seconds * 1000;
  const counts = [0, 0];
  return new Promise((resolve) => {
    const turn = () => {
      const now = performance.now();
      for (const [index, stream] of streams.entries()) {
        const pace = paces[index] ?? 0;
        const due = () => start + ((counts[index] ?? 0) * 1000) / pace;
        for (let at = due(); pace > 0 && at <= now && at < end; at = due()) {
          stream.ask(at);
          if (index === 0) late.push(now - at);
          counts[index] = (counts[index] ?? 0) + 1;
        }
      }
      if (now >= end) resolve(counts[0] ?? 0);
      else setImmediate(turn);
    };
    turn();
  });
}
