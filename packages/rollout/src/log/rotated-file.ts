/** Files of lines that take each other's place. What the disk does not take in time is counted and given up, never waited for. */
import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that is open for writing: what is needed of Node's `FileHandle`. */
export interface LinesSink {
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
  close(): Promise<void>;
}

/** How much is kept. */
export interface RotationSettings {
  readonly folder: string;
  readonly maxFileBytes: number;
  readonly maxFiles: number;
  readonly maxPendingBytes: number;
  /** Opens the next file. For tests. */
  readonly openFile?: (path: string) => Promise<LinesSink>;
}

/** How lines fared. */
export interface LineCounts {
  readonly written: number;
  /** Lines that were given up: the disk was full, slow or gone. */
  readonly dropped: number;
  /** Bytes that wait to be written. */
  readonly pendingBytes: number;
}

const CHUNK_BYTES = 65_536;
const PREFIX = 'decisions-';
const NAME = /^decisions-\d{8}T\d{6}\.\d{3}Z-\d+-\d+\.jsonl$/;

/** Writes lines behind the back of requests. */
export class RotatedFile {
  readonly #settings: RotationSettings;
  /** What waits: full chunks, and the one that is being filled. Bytes, since texts that wait are what a collector of garbage has most work with. */
  #chunks: Buffer[] = [];
  #chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #lines = 0;
  #pending = 0;
  #written = 0;
  #dropped = 0;
  /** Lines that were given up, and not told of in the file. */
  #untold = 0;
  #sink: LinesSink | null = null;
  #size = 0;
  #files = 0;
  /** Whether the file may end in half a line. */
  #torn = false;
  #writing: Promise<void> | null = null;

  constructor(settings: RotationSettings) {
    this.#settings = settings;
  }

  /** Takes a line (ASCII, with its line feed), or counts it as dropped. Never waits. */
  add(line: string): void {
    if (this.#pending + line.length > this.#settings.maxPendingBytes) {
      this.#giveUp(1);
      return;
    }
    if (this.#filled + line.length > this.#chunk.length) this.#nextChunk(Math.max(line.length, CHUNK_BYTES));
    this.#filled += this.#chunk.write(line, this.#filled, 'latin1');
    this.#lines++;
    this.#pending += line.length;
  }

  get counts(): LineCounts {
    return { written: this.#written, dropped: this.#dropped, pendingBytes: this.#pending };
  }

  /** Writes what waits. One writing at a time. Never rejects. */
  flush(at: number): Promise<void> {
    this.#writing ??= this.#write(at).finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** Writes what waits, and closes the file. */
  async close(at: number): Promise<void> {
    await this.#writing;
    await this.flush(at);
    await this.#closeSink();
  }

  #nextChunk(bytes: number): void {
    if (this.#filled > 0) this.#chunks.push(this.#chunk.subarray(0, this.#filled));
    this.#chunk = Buffer.allocUnsafe(bytes);
    this.#filled = 0;
  }

  /** Hands out what waits. */
  #take(): { readonly chunks: readonly Buffer[]; readonly lines: number; readonly bytes: number } {
    this.#nextChunk(CHUNK_BYTES);
    const taken = { chunks: this.#chunks, lines: this.#lines, bytes: this.#chunks.reduce((sum, { length }) => sum + length, 0) };
    this.#chunks = [];
    this.#lines = 0;
    return taken;
  }

  #giveUp(lines: number): void {
    this.#dropped += lines;
    this.#untold += lines;
  }

  async #write(at: number): Promise<void> {
    if (this.#lines === 0 && this.#untold === 0) return;
    const told = this.#untold;
    const note = told === 0 ? '' : `{"time":${Math.trunc(at)},"dropped":${told}}\n`;
    const { chunks, lines, bytes } = this.#take();
    const head = Buffer.from(`${this.#torn ? '\n' : ''}${note}`, 'latin1');
    try {
      const sink = await this.#sinkFor(head.length + bytes, at);
      for (const chunk of [head, ...chunks]) await this.#writeAll(sink, chunk);
      this.#torn = false;
      this.#written += lines;
      this.#untold -= told;
    } catch {
      // Some of them may have been written: a line too many is better than one that nobody misses.
      this.#giveUp(lines);
      await this.#closeSink();
    } finally {
      this.#pending -= bytes;
    }
  }

  async #writeAll(sink: LinesSink, bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      this.#torn = true;
      const { bytesWritten } = await sink.write(bytes.subarray(from));
      if (bytesWritten <= 0) throw new Error('nothing was written');
      from += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  async #sinkFor(bytes: number, at: number): Promise<LinesSink> {
    const { maxFileBytes, folder, openFile } = this.#settings;
    if (this.#sink !== null && this.#size + bytes > maxFileBytes) await this.#closeSink();
    if (this.#sink !== null) return this.#sink;
    const stamp = new Date(at).toISOString().replace(/[-:]/g, '');
    const path = join(folder, `${PREFIX}${stamp}-${process.pid}-${this.#files++}.jsonl`);
    if (openFile === undefined) await mkdir(folder, { recursive: true });
    this.#sink = await (openFile ?? ((name) => open(name, 'a', 0o640)))(path);
    this.#size = 0;
    this.#torn = false;
    if (openFile === undefined) await this.#removeOldest();
    return this.#sink;
  }

  async #removeOldest(): Promise<void> {
    const { folder, maxFiles } = this.#settings;
    const ours = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
    for (const name of ours.slice(0, -maxFiles)) await unlink(join(folder, name)).catch(() => undefined);
  }

  async #closeSink(): Promise<void> {
    const sink = this.#sink;
    this.#sink = null;
    await sink?.close().catch(() => undefined);
  }
}
