/** Connections to Redis or Valkey, for replay memory that processes share. */
import type { RedisClientLike } from 'approov-guard';
import { Redis } from 'iovalkey';

/** The connections of a gateway. */
export class RedisConnections {
  readonly #clients: Redis[] = [];

  /** Connects in the background. What cannot be asked in time makes a verdict `unavailable`, never accepted. */
  open(url: string): RedisClientLike {
    const client = new Redis(url, {
      maxRetriesPerRequest: 1,
      enableOfflineQueue: true,
      retryStrategy: (times) => Math.min(times * 100, 2000),
    });
    // Without a listener it would end the process; the store reports what it could not ask.
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }

  /** Whether all are connected. */
  ready(): boolean {
    return this.#clients.every(({ status }) => status === 'ready');
  }

  close(): void {
    for (const client of this.#clients) client.disconnect();
  }
}
