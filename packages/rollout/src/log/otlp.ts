/** The decision log over OTLP/HTTP, as JSON, to a collector. */
import { ConfigurationError, type OnVerdict, type RequestView } from 'approov-guard';
import { keyText, knownNames, numberWithin } from '../settings.ts';
import { type AppHeaders, LineWriter } from './line.ts';

/** Options of {@link otlpDecisionLog}. */
export interface OtlpLogOptions {
  /** Where log records go, such as `http://127.0.0.1:4318/v1/logs`. `http` or `https`. */
  readonly url: string;
  /** The key by which device ids are hashed, at least 16 characters, the same on every instance. See `decisionLog`. */
  readonly deviceKey: string;
  /** Headers of the export, such as the key of your collector. Default: none. */
  readonly exportHeaders?: { readonly [name: string]: string };
  /** Attributes of the resource. Default `service.name`: `approov-guard`. */
  readonly resource?: { readonly [name: string]: string };
  /** In which headers the app says its version and platform. Default `x-app-version`, `x-app-platform`. */
  readonly headers?: AppHeaders;
  /** The client's address, of which the network is kept (/24, /48). Default: the peer's. */
  readonly address?: (request: RequestView) => string | null;
  /** Records that may wait, 1 to 1000000. Default 10000. Over it they are dropped, and counted. */
  readonly maxPending?: number;
  /** How many records one export holds, 1 to 10000. Default 512. */
  readonly maxBatch?: number;
  /** How often what waits is sent, 10 to 60000 ms. Default 1000. */
  readonly flushMs?: number;
  /** How long one export may take, 10 to 60000 ms. Default 10000. */
  readonly timeoutMs?: number;
}

/** What became of the records. */
export interface OtlpCounts {
  readonly sent: number;
  /** Given up: too many waited, or the collector did not take them. */
  readonly dropped: number;
  readonly pending: number;
}

/** A log of decisions that goes to a collector. */
export interface OtlpLog {
  /** For the guard's option `onVerdict`. */
  readonly onVerdict: OnVerdict;
  counts(): OtlpCounts;
  /** Sends what waits, once. Never rejects. */
  flush(): Promise<void>;
  /** Sends what waits, once, and gives up the rest. */
  close(): Promise<void>;
}

const NAMES = ['url', 'deviceKey', 'exportHeaders', 'resource', 'headers', 'address', 'maxPending', 'maxBatch', 'flushMs', 'timeoutMs'];
/** A batch that fails so often is given up: behind it others wait. */
const MOST_TRIES = 5;
/** The answers after which a client shall try again (OTLP, "Failures"). */
const PASSING = new Set([429, 502, 503, 504]);
const SEVERITIES: { readonly [outcome: string]: readonly [number, string] } = {
  accepted: [9, 'INFO'],
  rejected: [13, 'WARN'],
  unavailable: [17, 'ERROR'],
};

/**
 * Sends each decision as an OTLP log record (OTLP 1.x over HTTP, JSON): what a line of `decisionLog` says, as attributes `approov.…`. No request waits
 * for it, and what the collector does not take is dropped and counted. It does **not** keep records on disk: use `decisionLog` where none may be lost.
 *
 * It speaks to the collector itself. Through the OpenTelemetry logs API it would need an SDK, whose queue drops records without a count.
 *
 * @param options - see {@link OtlpLogOptions}
 * @throws ConfigurationError for a setting that is missing or out of bounds
 *
 * @example
 * ```ts
 * import { otlpDecisionLog } from '@approov-guard/rollout';
 * import { createGuard } from 'approov-guard';
 * const log = otlpDecisionLog({ url: 'http://127.0.0.1:4318/v1/logs', deviceKey: 'a key of your own, from a secret' });
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, mode: 'observe', onVerdict: log.onVerdict });
 * await log.close();
 * ```
 */
export function otlpDecisionLog(options: OtlpLogOptions): OtlpLog {
  knownNames(options, 'options', NAMES);
  const { headers = {}, address = (request) => request.peer ?? null } = options;
  const writer = new LineWriter(keyText(options.deviceKey, 'deviceKey'), headers, address);
  const queue = new ExportQueue(options);
  const timer = setInterval(() => void queue.flush(), numberWithin(options.flushMs, 'flushMs', [10, 60_000], 1000));
  timer.unref();
  return {
    onVerdict: (verdict, facts) => queue.add(writer.line(verdict, facts)),
    counts: () => queue.counts,
    flush: () => queue.flush(),
    close: async () => {
      clearInterval(timer);
      await queue.close();
    },
  };
}

class ExportQueue {
  readonly #url: string;
  readonly #headers: { readonly [name: string]: string };
  readonly #resource: readonly Attribute[];
  readonly #maxPending: number;
  readonly #maxBatch: number;
  readonly #timeoutMs: number;
  #pending: string[] = [];
  /** Under way, or to be tried again. */
  #batch: readonly string[] = [];
  #tries = 0;
  #sent = 0;
  #dropped = 0;
  #sending: Promise<void> | null = null;

  constructor({ url, exportHeaders = {}, resource = { 'service.name': 'approov-guard' }, ...bounds }: OtlpLogOptions) {
    if (typeof url !== 'string' || !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
      throw new ConfigurationError('option-invalid', 'url', 'must be an address such as http://127.0.0.1:4318/v1/logs');
    this.#url = url;
    this.#headers = { ...exportHeaders, 'content-type': 'application/json' };
    this.#resource = Object.entries(resource).map(([key, value]) => attribute(key, value));
    this.#maxPending = numberWithin(bounds.maxPending, 'maxPending', [1, 1_000_000], 10_000);
    this.#maxBatch = numberWithin(bounds.maxBatch, 'maxBatch', [1, 10_000], 512);
    this.#timeoutMs = numberWithin(bounds.timeoutMs, 'timeoutMs', [10, 60_000], 10_000);
  }

  get counts(): OtlpCounts {
    return { sent: this.#sent, dropped: this.#dropped, pending: this.#pending.length + this.#batch.length };
  }

  add(line: string): void {
    if (this.#pending.length + this.#batch.length >= this.#maxPending) this.#dropped++;
    else this.#pending.push(line);
  }

  /** One at a time: who asks while one is under way waits for that. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async close(): Promise<void> {
    await this.#sending;
    await this.flush();
    this.#dropped += this.#pending.length + this.#batch.length;
    this.#pending = [];
    this.#batch = [];
  }

  async #sendAll(): Promise<void> {
    const rounds = Math.ceil(this.#pending.length / this.#maxBatch) + Number(this.#batch.length > 0);
    for (let round = 0; round < rounds; round++) {
      if (this.#batch.length === 0) this.#batch = this.#pending.splice(0, this.#maxBatch);
      if (this.#batch.length > 0 && !(await this.#sendBatch())) return;
    }
  }

  /** Answers whether the next batch may be tried. */
  async #sendBatch(): Promise<boolean> {
    const refused = await this.#post(JSON.stringify(this.#content()));
    if (refused === null && ++this.#tries < MOST_TRIES) return false;
    const lost = Math.min(refused ?? this.#batch.length, this.#batch.length);
    this.#dropped += lost;
    this.#sent += this.#batch.length - lost;
    this.#batch = [];
    this.#tries = 0;
    return refused !== null;
  }

  /** How many records the collector refused; `null`: it may take them later. */
  async #post(body: string): Promise<number | null> {
    try {
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const response = await fetch(this.#url, { method: 'POST', headers: this.#headers, body, signal, redirect: 'error' });
      if (!response.ok) {
        await response.body?.cancel();
        return PASSING.has(response.status) ? null : Number.POSITIVE_INFINITY;
      }
      return rejectedOf(await response.text());
    } catch {
      return null;
    }
  }

  #content(): object {
    const scope = { name: '@approov-guard/rollout' };
    return {
      resourceLogs: [{ resource: { attributes: this.#resource }, scopeLogs: [{ scope, logRecords: this.#batch.map(recordOf) }] }],
    };
  }
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly boolValue: boolean };
}

function attribute(key: string, value: string | boolean): Attribute {
  return { key, value: typeof value === 'boolean' ? { boolValue: value } : { stringValue: value } };
}

/** A line of the decision log as a record. Made here and not while a request waits. */
function recordOf(line: string): object {
  // The cast holds: `LineWriter` made it.
  const { time, ...members } = JSON.parse(line) as { readonly time: number; readonly outcome: string; readonly code: string };
  const [severityNumber, severityText] = SEVERITIES[members.outcome] ?? [9, 'INFO'];
  const nanoseconds = `${time}000000`;
  const told = Object.entries(members as { readonly [name: string]: string | boolean }).filter(([, value]) => value !== '');
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber,
    severityText,
    body: { stringValue: members.code },
    attributes: told.map(([name, value]) => attribute(`approov.${name}`, value)),
  };
}

/** What a collector says it did not take of an export that it took: `partialSuccess.rejectedLogRecords`, a number that JSON writes as text. */
function rejectedOf(text: string): number {
  try {
    const { partialSuccess } = JSON.parse(text) as { readonly partialSuccess?: { readonly rejectedLogRecords?: unknown } };
    const rejected = Number(partialSuccess?.rejectedLogRecords ?? 0);
    return rejected > 0 ? rejected : 0;
  } catch {
    return 0;
  }
}
