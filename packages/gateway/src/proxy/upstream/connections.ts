/**
 * Connections to one HTTP/1.1 server, used again where they can be. A general client makes of a request what half of a proxy's time goes for:
 * objects, checks of what was checked, timers of its own. Here a request is one text, and one timer watches all of them.
 */
import type { Timeouts } from '../../settings.ts';
import { Connection, type Siblings } from './connection.ts';
import type { AnswerHandler, Outbound, ServerAddress } from './outbound.ts';

const SWEEP_MS = 250;

/** The connections to a server. */
export class Connections implements Siblings {
  readonly address: ServerAddress;
  readonly timeouts: Timeouts;
  readonly #all: Set<Connection> = new Set();
  /** The one that was used last is used next: the others come to their end. */
  readonly #idle: Connection[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #closed: (() => void) | null = null;

  constructor(address: ServerAddress, timeouts: Timeouts) {
    this.address = address;
    this.timeouts = timeouts;
  }

  dispatch(outbound: Outbound, handler: AnswerHandler): void {
    if (this.#closed !== null) return void handler.onError(new Error('the connections are closed'));
    const now = performance.now();
    let connection = outbound.upgrade === '' ? this.#idle.pop() : undefined;
    while (connection !== undefined && !connection.isFitAt(now)) {
      connection.destroy();
      connection = this.#idle.pop();
    }
    if (connection === undefined) {
      connection = new Connection(this, outbound.upgrade === '');
      this.#all.add(connection);
      this.#sweeper ??= setInterval(() => this.#sweep(), this.#sweepMs()).unref();
    }
    connection.send(outbound, handler, now);
  }

  /** Lets what is under way come to its end. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve;
      for (const connection of this.#idle.splice(0)) connection.destroy();
      if (this.#all.size === 0) resolve();
    });
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#closed ??= () => undefined;
    for (const connection of this.#all) {
      connection.fail(new Error('the connections are closed'));
      connection.destroy();
    }
  }

  /** A connection waits for its next request. */
  release(connection: Connection): void {
    if (this.#closed === null) this.#idle.push(connection);
    else connection.destroy();
  }

  /** A connection is gone. */
  left(connection: Connection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    if (this.#all.size > 0) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
    this.#closed?.();
  }

  #sweepMs(): number {
    const { connectMs, upstreamMs, upstreamIdleMs } = this.timeouts;
    return Math.max(20, Math.min(SWEEP_MS, connectMs / 4, upstreamMs / 4, upstreamIdleMs / 4));
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#all) connection.expire(now);
  }
}
