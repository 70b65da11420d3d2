/** The one suite for all runtimes: a function of the library, of a corpus that is plain data, and of what takes the answers. */
import type { ConfigurationError, Decision, Guard, GuardOptions, ReplayStore, RequestView } from 'approov-guard';
import { requestView } from '../../../testkit/src/request-view.ts';

/** What the suite needs of the library. */
export interface Library {
  createGuard(options: GuardOptions): Guard;
  memoryReplayStore(options: { readonly now: () => number }): ReplayStore;
  readonly ConfigurationError: typeof ConfigurationError;
  /** The adapter for fetch handlers. */
  approov(guard: Guard, handler: (request: Request) => Response): (request: Request) => Response | Promise<Response>;
}

/** A guard's options as data. `replay: 'memory'` under `token` stands for a store in memory. */
export interface GuardData {
  readonly nowMs: number;
  readonly options: { readonly [name: string]: unknown };
}

/** A request as data. Each character of a header's value is one byte. */
export interface RequestData {
  readonly method?: string;
  readonly scheme?: string;
  readonly authority?: string;
  readonly target?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyBase64?: string | null;
  readonly joinsLines?: boolean;
}

/** What is expected: `accepted`, a code, `preflight`, `exempt`; or only that it is `refused`; or `null`: the same everywhere. */
export type Expected = string | 'refused' | null;

/** One case. */
export interface CorpusCase {
  readonly id: string;
  readonly expected: Expected;
  /** The place of its guard in the corpus. */
  readonly guard: number;
  /** `decide`: a request view is judged. `fetch`: a `Request` goes through the adapter. `configuration`: the guard is made. */
  readonly through: 'decide' | 'fetch' | 'configuration';
  /** Judged one after the other by the same guard. */
  readonly requests: readonly RequestData[];
}

/** All cases. */
export interface Corpus {
  readonly guards: readonly GuardData[];
  readonly cases: readonly CorpusCase[];
}

/** What was seen of one case: the outcomes, and everything else that can be seen. */
export interface Seen {
  /** `accepted`, the codes, `preflight`, `exempt`, or `configuration: code`. Joined with `, ` where there are several requests. */
  readonly outcome: string;
  /** Actions, remarks, claims, refusals, answers. */
  readonly more: string;
}

/** Runs every case against the library. */
export async function coreSuite(library: Library, corpus: Corpus, record: (id: string, seen: Seen) => void): Promise<void> {
  for (const one of corpus.cases) {
    // The cast holds: the corpus names only guards that it has.
    const data = corpus.guards[one.guard] as GuardData;
    try {
      const guard = library.createGuard({ ...optionsOf(library, data), hints: false });
      record(one.id, one.through === 'configuration' ? { outcome: 'made', more: '' } : await judged(library, guard, one));
      guard.close();
    } catch (error) {
      record(one.id, failure(library, error));
    }
  }
}

function optionsOf({ memoryReplayStore }: Library, { nowMs, options }: GuardData): GuardOptions {
  const token = options.token as { readonly replay?: unknown } | undefined;
  const stored = token?.replay === 'memory' ? { token: { ...token, replay: memoryReplayStore({ now: () => nowMs }) } } : {};
  // The cast holds: or the library says that it does not, which is what these cases are about.
  return { environment: 'development', ...options, ...stored, now: () => nowMs } as unknown as GuardOptions;
}

function failure({ ConfigurationError: Expected }: Library, error: unknown): Seen {
  // Built files that are loaded one by one bring a class of their own.
  if (error instanceof Expected || (error instanceof Error && error.name === Expected.name)) {
    const { code, path, message } = error as ConfigurationError;
    return { outcome: `configuration: ${code}`, more: `${path}: ${message}` };
  }
  return { outcome: `threw: ${error}`, more: '' };
}

async function judged(library: Library, guard: Guard, one: CorpusCase): Promise<Seen> {
  const outcomes: string[] = [];
  const more: unknown[] = [];
  for (const request of one.requests) {
    const seen = one.through === 'fetch' ? await fetched(library, guard, request) : described(await guard.decide(viewOf(request)));
    outcomes.push(seen.outcome);
    more.push(seen.more);
  }
  return { outcome: outcomes.join(', '), more: JSON.stringify(more) };
}

function viewOf({ bodyBase64 = null, ...request }: RequestData): RequestView {
  return requestView({ ...request, body: bodyBase64 === null ? null : bytesOf(bodyBase64) });
}

function described(decision: Decision): { readonly outcome: string; readonly more: unknown } {
  const { action, verdict, mode, claims } = decision;
  const refusal = action === 'refuse' ? withoutId(decision.refusal, decision.id) : null;
  if (verdict === null) return { outcome: action === 'pass' ? String(decision.skipped) : 'nothing', more: { action, mode } };
  if (verdict.outcome === 'unavailable') return { outcome: verdict.fault, more: { action, mode, refusal, stage: verdict.stage } };
  if (verdict.outcome === 'rejected') return { outcome: verdict.reason, more: { action, mode, refusal, detail: verdict.detail ?? null } };
  const { keyId, binding, signature, digest, covered } = verdict.attestation;
  return { outcome: 'accepted', more: { action, mode, claims, keyId, binding, signature, digest, covered: [...covered] } };
}

/** The id differs each time. */
function withoutId(value: unknown, id: string): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(id, 'ID'));
}

async function fetched(library: Library, guard: Guard, { bodyBase64 = null, ...data }: RequestData): Promise<ReturnType<typeof described>> {
  const { method = 'GET', scheme = 'https', authority = 'api.example.com', target = '/' } = data;
  const headers = new Headers();
  for (const [name, value] of data.headers) headers.append(name, value);
  let decision: Decision | undefined;
  const fetch = library.approov(guard, (request) => {
    decision = (request as Request & { readonly approov?: Decision }).approov;
    return new Response('handled', { status: 201 });
  });
  const body = bodyBase64 === null ? null : bytesOf(bodyBase64);
  const response = await fetch(new Request(`${scheme}://${authority}${target}`, { method, headers, body }));
  const answer = {
    status: response.status,
    headers: headersOf(response),
    body: (await response.text()).replace(/"id":"[^"]*"|urn:uuid:[^"]*/, 'ID'),
  };
  const outcome = decision === undefined ? `answered ${response.status}` : described(decision).outcome;
  return { outcome, more: { answer, decision: decision === undefined ? null : described(decision).more } };
}

/** Runtimes add a content type to answers of text. */
function headersOf({ headers, status }: Response): unknown {
  return status === 201 ? [] : [...headers].sort(([a], [b]) => (a < b ? -1 : 1));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
