/** Load in a closed loop: so many connections, each asking again as soon as it is answered, and all answers awaited at the end. */
import { performance } from 'node:perf_hooks';
import { Connection } from './connection.mjs';
import { percentiles } from './latencies.mjs';

/** @typedef {{ requests: number, perSecond: number, seconds: number, p50ms: number, p99ms: number, maxMs: number, refused: number, broken: number, bytes: number }} Loaded */

/** Connections that are open and have answered once; a slice of load runs over them. */
export class ClosedLoad {
  /** @param {readonly Buffer[]} requests */
  constructor(requests) {
    this.requests = requests;
    this.next = 0;
    this.end = 0;
    this.latencies = /** @type {number[]} */ ([]);
    this.counts = { refused: 0, broken: 0, bytes: 0 };
    this.connections = /** @type {Connection[]} */ ([]);
    this.busy = 0;
    this.idle = () => {};
  }

  /** Opens connections and sends a request over each: what opening costs is not measured. @param {number} port @param {number} connections */
  open(port, connections) {
    const told = {
      open: (/** @type {Connection} */ connection) => this.#ask(connection),
      answered: (/** @type {Connection} */ connection, /** @type {number} */ status, /** @type {number} */ bytes) =>
        this.#answered(connection, status, bytes),
      broken: () => this.#broken(),
    };
    this.busy = connections;
    this.connections = Array.from({ length: connections }, () => new Connection(port, told));
    return this.#untilIdle();
  }

  /** @param {number} seconds @returns {Promise<Loaded>} */
  async run(seconds) {
    this.latencies = [];
    this.counts = { refused: 0, broken: 0, bytes: 0 };
    const start = performance.now();
    this.end = start + seconds * 1000;
    this.busy = this.connections.length;
    for (const connection of this.connections) this.#ask(connection);
    this.#stayAwake();
    await this.#untilIdle();
    const took = (performance.now() - start) / 1000;
    const requests = this.latencies.length;
    const { refused, broken, bytes } = this.counts;
    const counted = { refused, broken, bytes: bytes / Math.max(1, requests) };
    return { requests, perSecond: requests / took, seconds: took, ...percentiles(this.latencies), ...counted };
  }

  close() {
    for (const connection of this.connections) connection.close();
  }

  /** @returns {Promise<void>} */
  #untilIdle() {
    return new Promise((resolve) => {
      this.idle = resolve;
    });
  }

  /**
   * Waking a process that sleeps costs the one that writes to it several microseconds on a virtual machine, and a slower server would have to
   * do it more often: it would seem slower than it is.
   */
  #stayAwake() {
    if (this.busy > 0) setImmediate(() => this.#stayAwake());
  }

  /** @param {Connection} connection */
  #ask(connection) {
    this.next = this.next + 1 === this.requests.length ? 0 : this.next + 1;
    connection.send(/** @type {Buffer} */ (this.requests[this.next]), performance.now());
  }

  /** @param {Connection} connection @param {number} status @param {number} bytes */
  #answered(connection, status, bytes) {
    const now = performance.now();
    this.latencies.push(now - connection.sentAt);
    this.counts.bytes += bytes;
    if (status !== 200) this.counts.refused++;
    if (now < this.end) this.#ask(connection);
    else this.#done();
  }

  #broken() {
    this.counts.broken++;
    this.#done();
  }

  #done() {
    this.busy--;
    if (this.busy === 0) this.idle();
  }
}
