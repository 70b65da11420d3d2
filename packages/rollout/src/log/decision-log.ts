/** The decision log: what the readiness report is made of. */
import type { OnVerdict, RequestView } from 'approov-guard';
import { keyText, knownNames, numberWithin } from '../settings.ts';
import { type AppHeaders, LineWriter } from './line.ts';
import { type LineCounts, type LinesSink, RotatedFile } from './rotated-file.ts';

/** Options of {@link decisionLog}. */
export interface DecisionLogOptions {
  /** Where the files go: `decisions-….jsonl`. Several processes may share a folder. */
  readonly folder: string;
  /** The key by which device ids are hashed, at least 16 characters, the same on every instance. Who has it can find a device that he knows. */
  readonly deviceKey: string;
  /** In which headers the app says its version and platform. Default `x-app-version`, `x-app-platform`. */
  readonly headers?: AppHeaders;
  /** The client's address, of which the network is kept (/24, /48). Default: the peer's. Behind a proxy, read your forwarding field here. */
  readonly address?: (request: RequestView) => string | null;
  /** `decision` (default): a line for each. `minute`: sums, where a line each is too much; devices and addresses are then not told. */
  readonly each?: 'decision' | 'minute';
  /** Bytes of one file, 1 KiB to 16 GiB. Default 256 MiB. */
  readonly maxFileBytes?: number;
  /** How many files are kept, 2 to 100000. Default 64. Older ones are deleted. */
  readonly maxFiles?: number;
  /** Bytes that may wait for the disk, 1 KiB to 1 GiB. Default 16 MiB. Over it lines are dropped, and counted. */
  readonly maxPendingBytes?: number;
  /** How often what waits is written, 10 to 60000 ms. Default 250. */
  readonly flushMs?: number;
  /** The clock. Default `Date.now`. */
  readonly now?: () => number;
  /** Opens the next file. For tests. */
  readonly openFile?: (path: string) => Promise<LinesSink>;
}

/** A log of decisions. */
export interface DecisionLog {
  /** For the guard's option `onVerdict`. */
  readonly onVerdict: OnVerdict;
  /** Lines written, dropped, and waiting. */
  counts(): LineCounts;
  /** Writes what waits. Never rejects. */
  flush(): Promise<void>;
  /** Writes what waits, and closes the file. */
  close(): Promise<void>;
}

const NAMES = [
  'folder',
  'deviceKey',
  'headers',
  'address',
  'each',
  'maxFileBytes',
  'maxFiles',
  'maxPendingBytes',
  'flushMs',
  'now',
  'openFile',
];
const MOST_KINDS_A_MINUTE = 10_000;

/**
 * Logs each decision as one line of JSON: time, device as a keyed hash, network of the address, route, mode, action, outcome, code, version and
 * platform of the app, key id, `again`. No token, claim, path, query or bound value. No request waits for it: lines are handed to the disk behind their
 * back, and what the disk does not take is dropped and counted, in `counts()` and by a line of its own. Version and platform are what the client says.
 *
 * @param options - see {@link DecisionLogOptions}
 * @returns the hook, and what became of the lines
 * @throws ConfigurationError for a setting that is missing or out of bounds
 *
 * @example
 * ```ts
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { decisionLog } from '@approov-guard/rollout';
 * import { createGuard } from 'approov-guard';
 * const log = decisionLog({ folder: mkdtempSync(join(tmpdir(), 'decisions-')), deviceKey: 'a key of your own, from a secret' });
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, mode: 'observe', onVerdict: log.onVerdict });
 * await log.close();
 * ```
 */
export function decisionLog(options: DecisionLogOptions): DecisionLog {
  knownNames(options, 'options', NAMES);
  const { folder, openFile, headers = {}, each = 'decision', now = Date.now, address = (request) => request.peer ?? null } = options;
  const file = new RotatedFile({
    folder,
    maxFileBytes: numberWithin(options.maxFileBytes, 'maxFileBytes', [1024, 2 ** 34], 2 ** 28),
    maxFiles: numberWithin(options.maxFiles, 'maxFiles', [2, 100_000], 64),
    maxPendingBytes: numberWithin(options.maxPendingBytes, 'maxPendingBytes', [1024, 2 ** 30], 2 ** 24),
    ...(openFile === undefined ? {} : { openFile }),
  });
  const writer = new LineWriter(keyText(options.deviceKey, 'deviceKey'), headers, address);
  const sums = each === 'minute' ? new MinuteSums(file) : null;
  const timer = setInterval(() => void file.flush(now()), numberWithin(options.flushMs, 'flushMs', [10, 60_000], 250));
  timer.unref();
  return {
    onVerdict: (verdict, facts) => {
      if (sums === null) file.add(writer.line(verdict, facts));
      else sums.add(writer.kind(verdict, facts), facts.at);
    },
    counts: () => file.counts,
    flush: () => file.flush(now()),
    close: async () => {
      clearInterval(timer);
      sums?.end();
      await file.close(now());
    },
  };
}

/** Sums of the minute that is under way. */
class MinuteSums {
  readonly #file: RotatedFile;
  readonly #counts: Map<string, number> = new Map();
  #minute = Number.NaN;

  constructor(file: RotatedFile) {
    this.#file = file;
  }

  add(kind: string, at: number): void {
    const minute = Math.floor(at / 60_000);
    if (minute !== this.#minute) this.end();
    this.#minute = minute;
    const bounded = this.#counts.size < MOST_KINDS_A_MINUTE || this.#counts.has(kind) ? kind : withoutApp(kind);
    this.#counts.set(bounded, (this.#counts.get(bounded) ?? 0) + 1);
  }

  end(): void {
    for (const [kind, count] of this.#counts) this.#file.add(`{"time":${this.#minute * 60_000},"count":${count},${kind}}\n`);
    this.#counts.clear();
  }
}

/** Versions and platforms are what clients say: so many of them in one minute are nobody's app. */
function withoutApp(kind: string): string {
  return kind.replace(/"version":.*,"key":/, '"version":"","platform":"","key":');
}
