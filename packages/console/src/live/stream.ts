/** The stream of what happens, as Server-Sent Events: at most ten frames a second, whatever the traffic, and never more than a reader takes. */
import type { ServerResponse } from 'node:http';
import type { Gauges } from '../wire.ts';
import type { Feed } from './feed.ts';

const FRAME_MS = 100;
/** The rate has to fall to zero by itself. */
const REST_MS = 1000;
const MOST_READERS = 20;
/** What a reader may leave unread before frames are left out for it. */
const MOST_UNREAD = 1 << 20;

interface Reader {
  readonly response: ServerResponse;
  /** How many decisions had been shown when it got its last frame; `null`: it got none. */
  known: number | null;
  changes: number;
  at: number;
}

/** Everybody who has the page open. */
export class Stream {
  readonly #feed: Feed;
  readonly #gauges: () => Gauges | null;
  readonly #readers: Set<Reader> = new Set();
  #timer: NodeJS.Timeout | null = null;

  constructor(feed: Feed, gauges: () => Gauges | null) {
    this.#feed = feed;
    this.#gauges = gauges;
  }

  /** Answers with the stream; `false` if too many read already. */
  add(response: ServerResponse, headers: { readonly [name: string]: string }): boolean {
    if (this.#readers.size >= MOST_READERS) return false;
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const reader: Reader = { response, known: null, changes: -1, at: 0 };
    this.#readers.add(reader);
    response.on('close', () => this.#remove(reader));
    this.#send(reader, Date.now());
    this.#timer ??= setInterval(() => this.#sendAll(), FRAME_MS);
    return true;
  }

  close(): void {
    for (const { response } of this.#readers) response.end();
    this.#readers.clear();
    this.#stop();
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #sendAll(): void {
    const at = Date.now();
    for (const reader of this.#readers) {
      const isNew = reader.changes !== this.#feed.changes || at - reader.at >= REST_MS;
      if (isNew && reader.response.writableLength < MOST_UNREAD) this.#send(reader, at);
    }
  }

  #send(reader: Reader, at: number): void {
    const frame = this.#feed.frame(reader.known, at, this.#gauges());
    reader.known = this.#feed.shown;
    reader.changes = this.#feed.changes;
    reader.at = at;
    reader.response.write(`data: ${JSON.stringify(frame)}\n\n`);
  }
}
