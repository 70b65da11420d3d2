/** The authoriser as a service: a proxy asks it about each request, and it answers whether that passes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OrderAnswer } from '@approov-guard/rollout';
import { ConfigurationError, type Decision, type MaybePromise } from 'approov-guard';
import type { Policy } from 'approov-guard/policy-file';
import { NodeRequestView } from 'approov-guard/views';
import { ownAnswer, writeAnswer } from '../proxy/answers.ts';
import { type Outcome, verdictOf } from '../proxy/proxy.ts';
import { AccessLog } from '../service/access-log.ts';
import { AdminListener, type Order, pagesOf, type Readiness } from '../service/admin.ts';
import type { Gateway, GatewayOptions } from '../service/gateway.ts';
import { Metrics } from '../service/metrics.ts';
import { PolicySource } from '../service/policy-source.ts';
import { instanceOf } from '../service/rollout.ts';
import { Listener } from '../service/servers.ts';
import { compileLimits, compileTimeouts } from '../settings.ts';
import { type Answer, briefAnswer, passAnswer } from './answer.ts';
import { type Asked, AskedView, askedView } from './asked-view.ts';
import { type Checked, CheckListener } from './check-listener.ts';
import type { CheckView } from './check-view.ts';
import { authorizerInForce, type InForce } from './in-force.ts';
import type { Question } from './question.ts';
import { QuestionListener } from './question-listener.ts';

/** Where the policy comes from, and what the authoriser works with. */
export interface AuthorizerOptions extends GatewayOptions {
  /** Settings that win over the section `authorizer` of the policy: those of a command line. */
  readonly settings?: { readonly [name: string]: unknown };
}

/** An authoriser that runs. */
export type Authorizer = Omit<Gateway, 'urls'> & {
  /** Where it listens, such as `http://127.0.0.1:8004`. */
  readonly url: string;
};

/**
 * Starts an authoriser: `nginx`, Envoy (over HTTP or gRPC), Traefik, Caddy, HAProxy or APISIX asks it about each request, and passes on what it answers 200 to.
 *
 * The section `authorizer` of the policy says which proxy asks (`for`); docs/authorizer.md has the rest. It judges what the proxy states of the
 * client's request, so only the proxy may reach it: peers that are not listed are answered 403. It does **not** see bodies unless the proxy
 * sends them along, and a policy that compares them then stops the start, unless it delegates that by name.
 *
 * @param options - see {@link AuthorizerOptions}
 * @throws ConfigurationError or PolicyFileError for any mistake, and where an address cannot be listened on
 *
 * @example
 * ```ts
 * import { startAuthorizer } from '@approov-guard/gateway';
 * const keys = { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } };
 * const authorizer = await startAuthorizer({ policy: { keys, authorizer: { for: 'nginx', listen: '127.0.0.1:0', admin: null } } });
 * const stated = { 'x-original-method': 'GET', 'x-original-uri': '/', 'x-original-host': 'api.example.com', 'x-original-scheme': 'https' };
 * console.log((await fetch(authorizer.url, { headers: stated })).status); // 401
 * await authorizer.drain();
 * ```
 */
export async function startAuthorizer(options: AuthorizerOptions): Promise<Authorizer> {
  const authorizer = new RunningAuthorizer(options);
  try {
    await authorizer.listen();
  } catch (error) {
    await authorizer.drain();
    throw error;
  }
  return authorizer;
}

/** What a question is answered. */
interface Answered {
  readonly passes: boolean;
  readonly answer: Answer;
  readonly verdict: string;
  readonly id: string | null;
}

class RunningAuthorizer implements Authorizer {
  readonly #metrics: Metrics = new Metrics();
  readonly #log: AccessLog;
  readonly #source: PolicySource;
  readonly #listener: Listener | QuestionListener | CheckListener;
  readonly #admin: AdminListener | null;
  readonly #unstated: Set<string> = new Set();
  #current: InForce;
  #inFlight = 0;
  #draining = false;
  url = '';
  adminUrl: string | null = null;

  constructor(options: AuthorizerOptions) {
    this.#source = new PolicySource(options, this.#metrics, (policy) => {
      const next = authorizerInForce(policy, options.settings);
      const { overGrpc, headsOnly } = this.#current.dialect;
      if (next.dialect.overGrpc !== overGrpc || next.dialect.headsOnly !== headsOnly)
        throw new ConfigurationError(
          'option-invalid',
          'authorizer.for',
          'cannot change between nginx, gRPC and the others while it runs: start it again',
        );
      this.#current = next;
      return '';
    });
    this.#current = authorizerInForce(this.#source.policy, options.settings);
    const { log, admin, listen } = this.#current.settings;
    this.#log = new AccessLog(log.format, log.file, options.output ?? process.stdout, instanceOf(this.policy.document));
    this.#source.rollout.log = this.#log;
    const handlers = {
      request: (question: IncomingMessage, response: ServerResponse) => this.#serve(question, response),
      upgrade: (_question: IncomingMessage, socket: { destroy(): void }) => socket.destroy(),
      malformed: () => this.#metrics.add('approov_gateway_malformed_total'),
      refusedConnection: () => this.#metrics.add('approov_gateway_connections_refused_total'),
      certificateProblem: () => undefined,
      isTrustedPeer: () => true,
    };
    const { dialect, maxBodyBytes } = this.#current;
    // A proxy sends its own limit of header bytes, and what it adds.
    const limits = compileLimits({ headerBytes: 131_072 });
    if (dialect.overGrpc === true)
      this.#listener = new CheckListener(
        (view, peer) => this.#check(view, peer),
        maxBodyBytes,
        listen.tls,
        (error) => this.#source.note(`the certificate stays as it was: ${error.message}`),
      );
    else if (dialect.headsOnly === true) {
      const question = this.#ask.bind(this);
      this.#listener = new QuestionListener({ ...handlers, question }, limits, compileTimeouts({}));
    } else this.#listener = new Listener(listen, handlers, limits, compileTimeouts({}));
    this.#admin = admin === null || options.admin === false ? null : new AdminListener(pagesOf(this));
  }

  get policy(): Policy {
    return this.#source.policy;
  }

  async listen(): Promise<void> {
    const { listen, admin } = this.#current.settings;
    await this.#source.started();
    if (this.#admin !== null && admin !== null) this.adminUrl = await this.#admin.listen(admin);
    this.url = await this.#listener.listen(listen);
  }

  reload(): boolean {
    return this.#source.reload();
  }

  counts(): ReturnType<Gateway['counts']> {
    return this.#metrics.snapshot({
      approov_gateway_requests_in_flight: this.#inFlight,
      approov_gateway_connections: this.#listener.connections,
      approov_gateway_log_lines_dropped_total: this.#log.dropped,
      ...this.#source.rollout.counts(this.policy),
    });
  }

  shown(): object {
    return this.#source.rollout.shown(this.policy);
  }

  order(order: Order): OrderAnswer {
    return this.#source.rollout.order(order);
  }

  async ready(): Promise<Readiness> {
    const checks = { authorizer: this.#draining ? 'draining' : 'ok', ...(await this.#source.checks()) };
    return { ready: Object.values(checks).every((text) => text === 'ok'), checks };
  }

  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    await this.#listener.stop();
    const deadline = performance.now() + compileTimeouts({}).drainMs;
    while (this.#inFlight > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#listener.end(true);
    this.#admin?.close();
    this.#source.close();
    await this.#log.close();
  }

  #serve(question: IncomingMessage, response: ServerResponse): void {
    this.#inFlight++;
    response.once('close', () => this.#inFlight--);
    const peer = question.socket.remoteAddress ?? null;
    this.#judge(new NodeRequestView(question), { peer, httpVersion: question.httpVersion }, this.#current, ({ answer }) =>
      // Node tells of a request when its head was read: a turn later it knows whether a body is still to come, which would end the connection.
      queueMicrotask(() => {
        writeAnswer(response, answer, !question.complete);
        question.resume();
      }),
    );
  }

  #ask(question: Question, peer: string | null, reply: (answer: Answer) => void): void {
    this.#inFlight++;
    this.#judge(question, { peer, httpVersion: question.httpVersion }, this.#current, ({ answer }) => {
      this.#inFlight--;
      reply(answer);
    });
  }

  async #check(view: CheckView | null, peer: string | null): Promise<Checked> {
    this.#inFlight++;
    const force = this.#current;
    try {
      const { passes, answer } = await this.#judge(view, { peer, httpVersion: '2.0' }, force);
      if (!passes || view === null) return { passes: false, answer, removed: [] };
      // It would be a header of the client's request.
      const { 'cache-control': _, ...headers } = answer.headers;
      return { passes, answer: { ...answer, headers }, removed: view.names.filter(force.mayNotPass) };
    } finally {
      this.#inFlight--;
    }
  }

  /** Judges a question, has it answered, and keeps the books. Nothing is waited for where the guard answers at once. */
  #judge(
    own: Asked | null,
    { peer, httpVersion }: { readonly peer: string | null; readonly httpVersion: string },
    force: InForce,
    answering: (answered: Answered) => void = () => undefined,
  ): MaybePromise<Answered> {
    let asked: ReturnType<typeof askedView> = { missing: 'a request that can be read' };
    const over = (answered: Answered): Answered => {
      const { answer, verdict, id } = answered;
      answering(answered);
      const outcome: Outcome = { status: answer.status, verdict, id, upstream: null, trouble: null };
      this.#metrics.outcome(outcome);
      if (!this.#log.writes) return answered;
      const shown = asked instanceof AskedView ? { method: asked.method, url: asked.target } : { method: '', url: '' };
      this.#log.write({ ...shown, httpVersion, rawHeaders: [] }, outcome, peer);
      return answered;
    };
    // Nothing here is meant to throw; if it does, nothing passes.
    const internal = (): Answered => ({ passes: false, answer: force.dialect.refuse(ownAnswer(500)), verdict: 'internal', id: null });
    let answered: MaybePromise<Answered>;
    try {
      if (own !== null) asked = askedView(own, force.dialect, force.settings.bodies ?? 'unseen');
      answered = this.#answer(peer, asked, force);
    } catch {
      answered = internal();
    }
    return answered instanceof Promise ? answered.catch(internal).then(over) : over(answered);
  }

  #answer(peer: string | null, asked: ReturnType<typeof askedView>, force: InForce): MaybePromise<Answered> {
    const { policy, dialect, mayAsk } = force;
    if (!mayAsk(peer)) {
      this.#noteOnce('peer', 'somebody asks who is not among `authorizer.peers`, and is answered 403');
      return { passes: false, answer: dialect.refuse(ownAnswer(403)), verdict: 'peer', id: null };
    }
    if (!(asked instanceof AskedView)) {
      const { missing } = asked;
      this.#noteOnce(
        missing,
        `${dialect.name} does not state ${missing}, or states it twice; \`approov-guard compile ${dialect.name}\` prints what it needs`,
      );
      return { passes: false, answer: dialect.refuse(ownAnswer(500)), verdict: 'not-stated', id: null };
    }
    const decision = policy.guard.decide(asked);
    return decision instanceof Promise ? decision.then((one) => answerTo(one, asked, force)) : answerTo(decision as Decision, asked, force);
  }

  #noteOnce(about: string, note: string): void {
    if (this.#unstated.has(about)) return;
    this.#unstated.add(about);
    this.#source.note(note);
  }
}

function answerTo(decision: Decision, asked: AskedView, { dialect, settings, cors, identity }: InForce): Answered {
  if (decision.action === 'pass') {
    const answer = asked.briefly ? briefAnswer(decision) : passAnswer(decision, identity);
    return { passes: true, answer, ...told(decision) };
  }
  const origin = cors === null ? null : (asked.lines('origin')[0] ?? null);
  const fields = origin === null ? null : cors?.answerFields(origin);
  const { refusal } = decision;
  const answer = dialect.refuse(fields ? { ...refusal, headers: { ...refusal.headers, ...fields } } : refusal);
  const id = dialect.answersItself === true ? { [`${settings.identityPrefix}id`]: decision.id } : {};
  return { passes: false, answer: { ...answer, headers: { ...answer.headers, ...id } }, ...told(decision) };
}

function told(decision: Decision): { readonly verdict: string; readonly id: string } {
  return { verdict: verdictOf(decision), id: decision.id };
}
