/** One kept-alive connection over a raw socket: one request at a time, each answer read to its end. */
import { connect } from 'node:net';
import { answerLength, statusOf } from './answers.mjs';

const NOTHING = /** @type {Buffer} */ (Buffer.alloc(0));

/** The bytes of a request with this token: the same whatever protects the server. @param {string} token */
export const requestOf = (token) =>
  Buffer.from(`GET /shapes HTTP/1.1\r\nHost: bench.example\r\nAccept: application/json\r\nApproov-Token: ${token}\r\n\r\n`, 'latin1');

export class Connection {
  /**
   * @param {number} port
   * @param {{ open: (connection: Connection) => void, answered: (connection: Connection, status: number, bytes: number) => void, broken: (connection: Connection) => void }} told
   *   `broken`: the connection ended; an answer that was awaited does not come
   */
  constructor(port, told) {
    this.told = told;
    this.awaiting = false;
    this.sentAt = 0;
    this.usual = -1;
    this.partial = NOTHING;
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('connect', () => this.told.open(this));
    this.socket.on('data', (chunk) => this.#read(chunk));
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.told.broken(this));
  }

  /** @param {Buffer} request @param {number} at - when it was due */
  send(request, at) {
    this.awaiting = true;
    this.sentAt = at;
    this.socket.write(request);
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    // Answers of one server are mostly of one length: then the end is where it was the last time.
    const whole = this.partial.length === 0 ? chunk : Buffer.concat([this.partial, chunk]);
    const length = this.partial.length === 0 && chunk.length === this.usual ? chunk.length : answerLength(whole);
    if (length < 0) {
      this.partial = whole;
      return;
    }
    if (length !== whole.length) throw new Error('more than one answer to one request');
    this.usual = chunk === whole ? length : -1;
    this.partial = NOTHING;
    this.awaiting = false;
    this.told.answered(this, statusOf(whole), length);
  }

  close() {
    this.told = { open: () => {}, answered: () => {}, broken: () => {} };
    this.socket.destroy();
  }
}
