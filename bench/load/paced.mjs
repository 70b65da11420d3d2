/**
 * `paced.mjs PORT GOOD_PER_SECOND BAD_PER_SECOND SECONDS`, tokens as JSON on the input: good and bad requests at a fixed pace over raw
 * sockets, whatever the server does. The latency of a good request counts from when it was due, so that a queue is not hidden.
 * BAD_PER_SECOND 0 and a number of connections in `CLOSED`: bad requests as fast as these connections can.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

const [port, goodPace, badPace, seconds] = process.argv.slice(2).map(Number);
const closed = Number(process.env.CLOSED ?? 0);
const GOOD_CONNECTIONS = 32;
const BAD_CONNECTIONS = closed > 0 ? closed : 64;
const tokens = /** @type {{ good: string[], bad: string[] }} */ (JSON.parse(readFileSync(0, 'utf8')));

/** @param {string} token */
const requestOf = (token) =>
  Buffer.from(`GET /shapes HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\nApproov-Token: ${token}\r\n\r\n`, 'latin1');

/** Requests over several connections, one at a time on each; those that find none free wait their turn. */
class Stream {
  /** @param {readonly string[]} texts @param {number} connections @param {(ms: number, status: string) => void} answered */
  constructor(texts, connections, answered) {
    this.requests = texts.map(requestOf);
    this.answered = answered;
    this.sent = 0;
    this.waiting = /** @type {number[]} */ ([]);
    this.free = /** @type {(() => void)[]} */ ([]);
    this.sockets = Array.from({ length: connections }, () => this.#open());
  }

  #open() {
    const socket = connect({ port: port ?? 0, host: '127.0.0.1', noDelay: true });
    let due = 0;
    const send = () => {
      due = this.waiting.shift() ?? 0;
      socket.write(this.requests[this.sent++ % this.requests.length] ?? '');
    };
    socket.on('data', (chunk) => {
      // One small answer: it arrives in one piece.
      this.answered(performance.now() - due, chunk.toString('latin1', 9, 12));
      if (this.waiting.length > 0) send();
      else this.free.push(send);
    });
    socket.on('connect', () => this.free.push(send));
    socket.on('error', () => this.answered(Number.NaN, 'error'));
    return socket;
  }

  /** @param {number} due */
  ask(due) {
    this.waiting.push(due);
    this.free.shift()?.();
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
  }
}

const latencies = /** @type {number[]} */ ([]);
const found = { good: 0, goodWrong: 0, bad: 0, badWrong: 0 };
let counting = false;
const good = new Stream(tokens.good, GOOD_CONNECTIONS, (ms, status) => {
  if (counting) latencies.push(ms);
  found.good++;
  if (status !== '200') found.goodWrong++;
});
const bad = new Stream(tokens.bad, BAD_CONNECTIONS, (_ms, status) => {
  found.bad++;
  if (status !== '401') found.badWrong++;
  if (closed > 0) bad.ask(performance.now());
});

await new Promise((resolve) => setTimeout(resolve, 100));
const start = performance.now();
const end = start + (seconds ?? 1) * 1000;
const warm = start + Math.min(1000, ((seconds ?? 1) * 1000) / 4);
const asked = { good: 0, bad: 0 };
if (closed > 0) for (let index = 0; index < closed; index++) bad.ask(start);

function turn() {
  const now = performance.now();
  if (now >= end) return finish();
  counting = now >= warm;
  for (; start + (asked.good * 1000) / (goodPace ?? 1) <= now; asked.good++) good.ask(start + (asked.good * 1000) / (goodPace ?? 1));
  for (; badPace && start + (asked.bad * 1000) / badPace <= now; asked.bad++) bad.ask(now);
  setImmediate(turn);
}

function finish() {
  setTimeout(() => {
    good.close();
    bad.close();
    const sorted = Float64Array.from(latencies).sort();
    const at = (/** @type {number} */ share) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    const lost = asked.good - found.good + found.goodWrong;
    console.log(
      JSON.stringify({ asked: asked.good, lost, bad: found.bad, badWrong: found.badWrong, p50: at(0.5), p99: at(0.99), p999: at(0.999) }),
    );
  }, 500);
}

turn();
