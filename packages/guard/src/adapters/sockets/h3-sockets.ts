/** WebSockets of h3: version 1 finds their hooks past its middleware, and version 2 opens a connection for whatever answer has no hooks. */
import { ConfigurationError } from '../../checks/configuration-error.ts';
import type { RequestView } from '../../core/request-view.ts';
import { type GuardedRoute, guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import type { Refusal } from '../../http/refusal.ts';
import { isNodeRequest, viewOfEither } from '../../http/view-either.ts';
import { type WebRequest, WebRequestView } from '../../http/view-web.ts';
import { EXPIRED } from './answer-upgrade.ts';
import { Connection, tokenPlaceOf } from './connection.ts';
import { HandshakeView, hideOfferedToken } from './view-handshake.ts';

/** What is needed of an app of h3 1. */
export interface H3SocketApp {
  readonly stack: object[];
  /** With which crossws makes its adapter. Versions of h3 1 that open no WebSockets have none. */
  readonly websocket?: object;
}

/** What crossws shows of a request for an upgrade. For Node it keeps Node's own one beside it. */
interface UpgradeRequest {
  readonly url: string;
  readonly headers: WebRequest['headers'];
  readonly context?: object;
  readonly _req?: unknown;
}
interface Judged {
  readonly approov: Decision;
  readonly approovConnection?: Connection;
}
interface Peer {
  readonly context: Partial<Judged>;
  close(code: number, reason: string): unknown;
}
// biome-ignore lint/suspicious/noExplicitAny: hooks take what crossws gives each of them.
type Hooks = { readonly [name: string]: ((...given: any[]) => unknown) | undefined };
interface SocketOptions {
  hooks?: Hooks | undefined;
  resolve?: ((given: unknown) => Hooks | Promise<Hooks>) | undefined;
}
type Layer = { handler: ((event: unknown) => unknown) & { __resolve__?: unknown } };

const UNJUDGED = 'h3 1 opens WebSockets past its middleware: call judgeSockets(guard, app) of approov-guard/h3';

/** What the middleware answers where h3 1 looks for the hooks of a path: hooks that open nothing. */
export function claimSockets(): object {
  return { handler: { __websocket__: { upgrade: () => new Response(UNJUDGED, { status: 501 }) } } };
}

/**
 * The answer to a request that is refused. Where crossws asks an app for hooks, it finds such as refuse: an answer without any opens a connection.
 * Headers that h3 2 would add make it another answer, without hooks: for upgrades, which need none, they go.
 */
export function refuseEvent(refusal: Refusal, view: RequestView, event: object): Response {
  // The cast holds for h3 2; h3 1 has no such member.
  const { res } = event as { readonly res?: { readonly errHeaders?: Headers } };
  if (view.lines('upgrade').length > 0) for (const name of [...(res?.errHeaders?.keys() ?? [])]) res?.errHeaders?.delete(name);
  return refused(refusal);
}

function refused({ body, ...init }: Refusal): Response {
  const answer = (): Response => new Response(body, init);
  return Object.assign(answer(), { crossws: { upgrade: answer } });
}

/**
 * Judges what opens the WebSockets of an h3 1 app, before any of its hooks is called: h3 1 finds hooks past its middleware, which therefore
 * opens none until this is called, after `app.use` (in Nitro 2: in a plugin). Refused requests are answered (`401`, `{}`). On Node the token may
 * also be in `x-approov-token`, or in an offered subprotocol `approov-token.<token>`. Hooks find `peer.context.approov`; when the token expires
 * the connection is closed (code 3000), unless `peer.context.approovConnection.renew(token)` was given a new one. Messages are not judged.
 * h3 2 does not need this: its middleware judges what opens its WebSockets.
 *
 * @param guard - a guard, or the options of one
 * @param app - the app, whose `websocket` crossws is given
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { approov, judgeSockets } from 'approov-guard/h3';
 * import { createApp, defineWebSocketHandler, eventHandler } from 'h31'; // h3 1 by an alias: yours is 'h3'
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * const app = createApp();
 * app.use(eventHandler(approov(guard)));
 * app.use('/chat', defineWebSocketHandler({ open: (peer) => void peer.send('hello') }));
 * judgeSockets(guard, app); // then: server.on('upgrade', crossws(app.websocket).handleUpgrade)
 * ```
 */
export function judgeSockets(guard: Guard | GuardOptions, app: H3SocketApp, route?: RouteOptions): void {
  const guarded = guardOf(guard, route);
  // The cast holds: these are the layers of h3 1, and what it keeps of its option `websocket`.
  const { stack, websocket: options } = app as { readonly stack: Layer[]; readonly websocket?: SocketOptions };
  if (options === undefined)
    throw new ConfigurationError('option-invalid', 'app', 'opens no WebSockets: it is not an app of h3 1.11 or newer');
  const judgements = new WeakMap<object, Promise<Judged>>();
  const judged = (hooks: Hooks = {}): Hooks => ({
    ...hooks,
    upgrade: async (request: UpgradeRequest) => {
      const judgement = judgements.get(request) ?? judge(guarded, request);
      judgements.set(request, judgement);
      const context = await judgement;
      if (context.approov.action === 'refuse') return refused(context.approov.refusal);
      Object.assign(request.context ?? {}, context);
      return withContext(await hooks.upgrade?.(request), context);
    },
  });
  const { hooks = {}, resolve } = options;
  options.hooks = judged({
    ...hooks,
    open: (peer: Peer) => {
      peer.context.approovConnection?.closeBy(() => peer.close(EXPIRED.code, EXPIRED.reason));
      return hooks.open?.(peer);
    },
    close: (peer: Peer, details: unknown) => {
      peer.context.approovConnection?.end();
      return hooks.close?.(peer, details);
    },
  });
  options.resolve = async (given) => judged(await resolve?.(given));
  for (const layer of stack) {
    const { handler } = layer;
    if (handler.__resolve__ === claimSockets) layer.handler = Object.assign((event: unknown) => handler(event), { __is_handler__: true });
  }
}

/** crossws 0.4 takes the context from what the hook answers, 0.3 has one beside the request. */
function withContext(answer: unknown, context: object): unknown {
  if (answer instanceof Response) return answer;
  const given: { readonly context?: object } = Object(answer ?? {});
  return { ...given, context: { ...given.context, ...context } };
}

async function judge(guarded: GuardedRoute, request: UpgradeRequest): Promise<Judged> {
  const { _req: node } = request;
  const handshake = viewOfUpgrade(guarded, request);
  const decision = await guarded.guard.decide(handshake, guarded.route);
  if (decision.action === 'refuse') return { approov: decision };
  if (isNodeRequest(node)) hideOfferedToken(node.headers ?? {});
  // The cast holds: where the member is, Node put its socket there.
  const close = (): void => void (node as { socket?: { destroy(): unknown } } | undefined)?.socket?.destroy();
  return { approov: decision, approovConnection: new Connection({ guarded, handshake, decision, close }) };
}

/** The path that h3 1 reads is that of a URL, which it makes of the field `Host` and the target. */
function viewOfUpgrade(guarded: GuardedRoute, { url, headers, _req: node }: UpgradeRequest): RequestView {
  const fetched = { method: 'GET', url, headers };
  if (!isNodeRequest(node)) return viewOfEither(fetched);
  return new HandshakeView(node, tokenPlaceOf(guarded), new WebRequestView(fetched).urlTarget);
}
