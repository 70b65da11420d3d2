/** The client's request, as a proxy that asks about it states it. */
import type { RequestBody, RequestView } from 'approov-guard';
import type { Dialect, StatedIn } from './dialects/dialect.ts';

/** What a proxy says of the client's request. */
interface Stated {
  readonly method: string;
  readonly target: string;
  readonly currentTarget: string;
  readonly authority: string;
  readonly scheme: string;
}

/** Something that the proxy should have said: the name of the header that is missing or repeated. */
export interface Unstated {
  readonly missing: string;
}

/** A question as it came: over HTTP, or in a message. */
export type Asked = Pick<RequestView, 'method' | 'target' | 'mayBeCut' | 'joinsLines' | 'lines'> &
  Required<Pick<RequestView, 'message' | 'body'>>;

/** The header by which Envoy says that it sent the beginning of a body only. */
export const PARTIAL = 'x-envoy-auth-partial-body';

/** How bodies are treated: they come along; the server behind compares them; or nobody asks for them. */
export type Bodies = 'forwarded' | 'delegated' | 'unseen';

const METHOD = /^[A-Za-z][A-Za-z!#$%&'*+.^_`|~0-9-]*$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const SCHEME = /^https?$/i;
/** A WebSocket is opened by a request of HTTP. */
const SOCKET_SCHEMES: { readonly [scheme: string]: string } = { ws: 'http', wss: 'https' };

/** Reads what a proxy says. Nothing is guessed: a header that is missing would be the client's to give. */
export function askedView(own: Asked, dialect: Dialect, bodies: Bodies): AskedView | Unstated {
  const { statedIn } = dialect;
  const method = statedIn.method === null ? own.method : one(own, statedIn.method);
  if (method === null || !METHOD.test(method)) return { missing: statedIn.method ?? 'method' };
  const target = statedIn.target === null ? own.target : one(own, statedIn.target);
  if (target === null || !TARGET.test(target)) return { missing: statedIn.target ?? 'path' };
  const currentTarget = statedIn.currentTarget === undefined ? target : one(own, statedIn.currentTarget);
  if (currentTarget === null || !TARGET.test(currentTarget)) return { missing: statedIn.currentTarget ?? 'path' };
  const authority = one(own, statedIn.authority ?? 'host');
  if (authority === null) return { missing: statedIn.authority ?? 'host' };
  const written = one(own, statedIn.scheme)?.toLowerCase() ?? '';
  const scheme = SOCKET_SCHEMES[written] ?? written;
  if (!SCHEME.test(scheme)) return { missing: statedIn.scheme };
  return new AskedView(own, { method, target, currentTarget, authority, scheme }, dialect, bodies);
}

/** The one value of a field; `null` if it is absent, empty, or repeated: then nobody knows which line is the proxy's. */
function one(view: Asked, name: string): string | null {
  const [line, ...more] = view.lines(name);
  return line === undefined || line === '' || more.length > 0 ? null : line;
}

/** A view over the question. */
export class AskedView implements RequestView {
  readonly leadsOn = true;
  /** The peer is the proxy; what it knows of its own peer is in what it states. */
  readonly peer = null;
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly target: string;
  readonly currentTarget: string;
  /** Whether the answer is to be brief. */
  readonly briefly: boolean;
  readonly #own: Asked;
  readonly #statedIn: StatedIn;
  readonly #bodies: Bodies;

  constructor(own: Asked, stated: Stated, { statedIn, partialIn, brief }: Dialect, bodies: Bodies) {
    this.#own = own;
    this.briefly = own.target === brief;
    this.#statedIn = statedIn;
    this.method = stated.method;
    this.target = stated.target;
    this.currentTarget = stated.currentTarget;
    this.authority = stated.authority;
    this.scheme = stated.scheme;
    const isPartial = partialIn !== null && own.lines(partialIn).join().toLowerCase() !== 'false';
    this.#bodies = bodies === 'forwarded' && isPartial ? 'unseen' : bodies;
  }

  get message(): object {
    return this.#own.message;
  }

  get mayBeCut(): boolean {
    return this.#own.mayBeCut === true;
  }

  get joinsLines(): boolean {
    return this.#own.joinsLines === true;
  }

  get body(): RequestBody {
    return this.#bodies === 'forwarded' ? this.#own.body : { ...unseenBody(this), delegated: this.#bodies === 'delegated' };
  }

  lines(name: string): readonly string[] {
    if (name === 'host') return [this.authority];
    if (name !== 'content-length') return this.#own.lines(name);
    const { length } = this.#statedIn;
    if (length === null) return [];
    return length === 'own' ? this.#own.lines(name) : this.#own.lines(length).filter((line) => line !== '');
  }
}

const REMEDY = "the proxy sends no body along, or part of it: say `digest: 'delegated'`, and compare it behind";
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'DELETE']);

/** A body that is not here. Where nothing tells whether there is one, the method does. */
function unseenBody(view: RequestView): RequestBody {
  const [length] = view.lines('content-length');
  const present = length === undefined ? !WITHOUT_BODY.has(view.method.toUpperCase()) : length !== '0';
  return { present, read: () => (present ? { outcome: 'gone', remedy: REMEDY } : { outcome: 'read', chunks: [] }) };
}
