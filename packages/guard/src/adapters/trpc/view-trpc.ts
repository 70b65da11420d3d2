/** A request view over what tRPC hands to `createContext`: Node's request, itself or as Fastify keeps it, or a Fetch request. */
import type { BodyRead, RequestBody, RequestView } from '../../core/request-view.ts';
import { chain } from '../../core/result.ts';
import { isNodeRequest, viewOfEither } from '../../http/view-either.ts';
import { type NodeRequest, NodeRequestView } from '../../http/view-node.ts';
import type { WebRequest } from '../../http/view-web.ts';
import { isUpgrade, OperationView, type Places, type Said } from '../sockets/view-operation.ts';

/** What is needed of what tRPC hands to `createContext`. */
export interface TrpcContextOptions {
  readonly req: NodeRequest | WebRequest | { readonly raw: NodeRequest };
  /** Which procedures the request calls: several in a batch, none yet where they come over a WebSocket. */
  readonly info?: { readonly calls?: readonly { readonly path: string }[]; readonly connectionParams?: object | null } | undefined;
}

/** More procedures in one batch are judged as one that could be any. */
const MOST_PROCEDURES = 32;
/** Where no path says which procedure runs, it may be any: a target that is not plain, which every route has to let through. */
const ANY = '';

/**
 * The targets that a request would have if it called its procedures one by one.
 * @param target - its own
 * @param names - the names of its procedures, or `null` to take them from the target, as far as that says
 */
export function targetsOf(target: string, names: readonly string[] | null): readonly string[] {
  const [path = ''] = target.split('?');
  const plain = path.replace(/%2c/gi, ',');
  const whole = names === null ? plain.slice(plain.lastIndexOf('/') + 1) : names.join(',');
  const called = new Set(names ?? whole.split(','));
  if (!plain.endsWith(whole) || called.size === 0 || called.size > MOST_PROCEDURES) return [ANY];
  const prefix = plain.slice(0, plain.length - whole.length);
  return called.size === 1 && whole === [...called][0] ? [target] : Array.from(called, (name) => prefix + name);
}

/** A request as one that calls a single procedure. */
export class ProcedureView implements RequestView {
  readonly currentTarget: string;
  readonly #request: RequestView;

  constructor(request: RequestView, currentTarget: string) {
    this.#request = request;
    this.currentTarget = currentTarget;
  }

  get method(): string {
    return this.#request.method;
  }

  get scheme(): string | null {
    return this.#request.scheme;
  }

  get authority(): string | null {
    return this.#request.authority;
  }

  get target(): string {
    return this.#request.target;
  }

  get peer(): string | null {
    return this.#request.peer ?? null;
  }

  get joinsLines(): boolean {
    return this.#request.joinsLines ?? false;
  }

  get message(): object {
    return this.#request.message ?? this;
  }

  get body(): RequestBody {
    return this.#request.body ?? { present: false, read: () => ({ outcome: 'read', chunks: [] }) };
  }

  lines(name: string): readonly string[] {
    return this.#request.lines(name);
  }
}

/** The platform's own request. */
export function requestOf({ req }: TrpcContextOptions): NodeRequest | WebRequest {
  // What Node's request is must be seen first: body parsers may keep bytes at `raw`.
  return !isNodeRequest(req) && 'raw' in req ? req.raw : req;
}

/**
 * A view for `createContext`: by then tRPC has begun to take the body of Node's request, though not that of a Fetch request. What comes over a
 * WebSocket is judged by its handshake.
 */
export function viewInContext(request: NodeRequest | WebRequest, places: Places, said: Said): RequestView {
  if (isNodeRequest(request) && isUpgrade(request)) return new OperationView(request, places, said);
  return isNodeRequest(request) ? new TakenRequestView(request) : viewOfEither(request);
}

const GONE: BodyRead = { outcome: 'gone', remedy: 'tRPC took the body before the guard: put createContext.middleware in front of tRPC' };

/** Reads bodies only from where a guard in front, or a framework, kept them. */
class TakenRequestView extends NodeRequestView {
  readonly #listened: boolean;

  constructor(request: NodeRequest & { listenerCount?(event: string): number }) {
    super(request);
    // Who reads a stream for whose data tRPC listens, and puts back what was read, gives it to tRPC twice.
    this.#listened = request.readableDidRead !== true && (request.listenerCount?.('data') ?? 0) > 0;
  }

  override get body(): RequestBody {
    const { present, read } = super.body;
    return {
      present,
      read: (maxBytes, allowance) =>
        this.#listened ? GONE : chain(read(maxBytes, allowance), (body) => (body.outcome === 'gone' ? GONE : body)),
    };
  }
}
