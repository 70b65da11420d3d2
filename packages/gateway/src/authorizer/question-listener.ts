/** The listener for questions of nginx ([why](../../../../docs/decisions/0011-own-http1-of-questions.md)): heads in, answers out, one at a time. */
import { STATUS_CODES } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { allTaken, type ListenAddress, listenOn } from '../listen-address.ts';
import { ownAnswer, PLAIN } from '../proxy/answers.ts';
import type { Limits, Timeouts } from '../settings.ts';
import type { Answer } from './answer.ts';
import { HEAD_END, Question } from './question.ts';

/** What answers. */
export interface QuestionHandlers {
  /** Answers once, at once or later. */
  readonly question: (question: Question, peer: string | null, reply: (answer: Answer) => void) => void;
  readonly malformed: () => void;
  readonly refusedConnection: () => void;
}

/** One listener. */
export class QuestionListener {
  readonly #handlers: QuestionHandlers;
  readonly #limits: Limits;
  readonly #timeouts: Timeouts;
  readonly #server: Server;
  readonly #connections: Set<Connection> = new Set();
  readonly #sweeping: NodeJS.Timeout;
  #accepted = 0;
  #draining = false;

  constructor(handlers: QuestionHandlers, limits: Limits, timeouts: Timeouts) {
    this.#handlers = handlers;
    this.#limits = limits;
    this.#timeouts = timeouts;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    // One timer for all: each connection is looked at once a second.
    this.#sweeping = setInterval(() => this.#sweep(), 1000).unref();
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Starts listening. Answers where: the port may have been 0. */
  listen(address: ListenAddress): Promise<string> {
    return listenOn(this.#server, address, 'authorizer.listen');
  }

  /** Takes no more connections, and ends each with its next answer. What already waits to be taken is taken first: it would be reset. */
  async stop(): Promise<void> {
    await allTaken(() => this.#accepted);
    this.#draining = true;
    this.#server.close();
  }

  /** Ends every connection; what was answered still goes out. */
  end(): void {
    clearInterval(this.#sweeping);
    for (const { socket } of this.#connections) socket.destroySoon();
  }

  #accept(socket: Socket): void {
    this.#accepted++;
    const { connections } = this.#limits;
    if (connections !== null && this.#connections.size >= connections) {
      this.#handlers.refusedConnection();
      return void socket.destroy();
    }
    const connection = new Connection(socket, this.#limits.headerBytes);
    this.#connections.add(connection);
    socket.on('data', (bytes) => this.#read(connection, bytes));
    socket.on('end', () => connection.finish());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#connections.delete(connection));
  }

  #read(connection: Connection, bytes: Buffer): void {
    const read = connection.take(bytes);
    if (read === null) return;
    if (typeof read === 'number') {
      this.#handlers.malformed();
      return void connection.write(ownAnswer(read), true);
    }
    this.#handlers.question(read, connection.peer, (answer) => connection.write(answer, this.#draining, read.method === 'HEAD'));
  }

  #sweep(): void {
    const [late, idle] = [this.#timeouts.headerMs / 1000, this.#timeouts.idleMs / 1000];
    for (const connection of this.#connections) if (++connection.seconds > (connection.isReading ? late : idle)) connection.expire();
  }
}

/** One connection: at most one question is open on it. */
class Connection {
  readonly socket: Socket;
  readonly peer: string | null;
  /** Since something was read or answered. */
  seconds = 0;
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #tail = '';
  #isAsked = false;
  #isLast = false;

  constructor(socket: Socket, maxBytes: number) {
    this.socket = socket;
    this.peer = socket.remoteAddress ?? null;
    this.#maxBytes = maxBytes;
  }

  /** Whether a head has begun. */
  get isReading(): boolean {
    return this.#bytes > 0;
  }

  /** Takes bytes: a question, the status of what is none, or `null` where nothing is to be answered yet. */
  take(bytes: Buffer): Question | number | null {
    // Nothing follows what is not over or is the last: nginx waits for each answer.
    if (this.#isAsked || this.#isLast) {
      this.#isLast = true;
      return null;
    }
    if (this.#bytes === 0) this.seconds = 0;
    const text = this.#tail + bytes.toString('latin1');
    const found = text.indexOf(HEAD_END);
    const end = this.#bytes - this.#tail.length + found + HEAD_END.length;
    this.#bytes += bytes.length;
    if ((found < 0 ? this.#bytes : end) > this.#maxBytes) return 431;
    if (found < 0) {
      this.#pieces.push(bytes);
      this.#tail = text.slice(1 - HEAD_END.length);
      return null;
    }
    const whole = this.#pieces.length === 0 ? bytes : Buffer.concat([...this.#pieces, bytes]);
    const question = Question.from(end === whole.length ? whole : whole.subarray(0, end));
    [this.#pieces, this.#bytes, this.#tail] = [[], 0, ''];
    if (question === null) return 400;
    this.#isAsked = true;
    this.#isLast = question.isLast || end < whole.length;
    return question;
  }

  /** Writes an answer. */
  write({ status, headers, body }: Answer, isLast: boolean, withoutBody: boolean = false): void {
    const { socket } = this;
    this.#isAsked = false;
    this.#isLast ||= isLast;
    this.seconds = 0;
    if (socket.destroyed || socket.writableEnded) return;
    const length = Buffer.byteLength(body);
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-length: ${length}\r\n`;
    for (const name in headers) {
      const value = headers[name] ?? '';
      // Nobody gets an answer that could be read as another one.
      if (!PLAIN.test(value)) return void socket.destroy();
      text += `${name}: ${value}\r\n`;
    }
    text += this.#isLast ? 'connection: close\r\n\r\n' : '\r\n';
    const goesOn = socket.write(withoutBody ? text : text + body, length === body.length ? 'latin1' : 'utf8');
    if (this.#isLast) return void socket.end();
    if (goesOn) return;
    // Who does not read its answers is not asked for more.
    socket.pause();
    socket.once('drain', () => socket.resume());
  }

  /** The peer says no more. */
  finish(): void {
    if (!this.#isAsked) this.socket.end();
    this.#isLast = true;
  }

  /** The peer has been silent for too long. */
  expire(): void {
    if (this.#isAsked) return;
    if (this.isReading && !this.#isLast) this.write(ownAnswer(408), true);
    else this.socket.destroy();
  }
}
