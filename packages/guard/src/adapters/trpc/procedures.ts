/** Judges tRPC's requests procedure by procedure: a batch must satisfy what each of its procedures demands. */

import type { RequestView } from '../../core/request-view.ts';
import { chain, type MaybePromise } from '../../core/result.ts';
import type { GuardedRoute } from '../../guard/create-guard.ts';
import type { RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { trpcError } from '../../http/refusal-errors.ts';
import type { NodeRequest } from '../../http/view-node.ts';
import { NO_REQUEST } from '../sockets/view-operation.ts';
import { ProcedureView, type TrpcContextOptions, targetsOf } from './view-trpc.ts';

/** What is needed of what tRPC hands to a middleware of a procedure. */
export interface ProcedureCall<Result> {
  readonly ctx: { readonly approov: Decision };
  next(): Promise<Result>;
}

/** A `createContext`. */
export interface TrpcCreateContext {
  (options: TrpcContextOptions): Promise<{ readonly approov: Decision }>;
  /** Judges in front of tRPC on Node, where bodies are signed; the context then has this decision. It answers nobody itself. */
  readonly middleware: (request: NodeRequest, response: unknown, next: (error?: Error) => void) => void;
  /** What a procedure demands by itself, beside what the context was judged by: `t.procedure.use(createContext.demands({ … }))`. */
  readonly demands: TrpcProcedures['demands'];
}

interface Judged {
  readonly decision: Decision;
  readonly targets: ReadonlySet<string>;
}

/** The procedures of one guard. */
export class TrpcProcedures {
  readonly #guarded: GuardedRoute;
  readonly #inFront: WeakMap<object, Judged> = new WeakMap();
  readonly #views: WeakMap<Decision, RequestView> = new WeakMap();
  #largestBody = 0;

  constructor(guarded: GuardedRoute) {
    this.#guarded = guarded;
  }

  /** Judges in front of tRPC, where the body is still whole. What a procedure may want to compare later is read now. */
  judgeInFront(request: object, view: RequestView): MaybePromise<unknown> {
    const targets = targetsOf(view.currentTarget ?? view.target, null);
    return chain(this.#judge(view, targets), (decision) => {
      this.#inFront.set(request, { decision, targets: new Set(targets) });
      const isRead = decision.action === 'pass' && this.#largestBody > 0 && view.lines('content-digest').length > 0;
      return isRead ? view.body?.read(this.#largestBody) : undefined;
    });
  }

  /**
   * The decision about a context.
   * @param names - of the procedures that are called; none, where they are not known yet
   */
  async decide(request: object, view: RequestView, names: readonly string[]): Promise<Decision> {
    const targets = targetsOf(view.currentTarget ?? view.target, names);
    const before = this.#inFront.get(request);
    const isJudged = before !== undefined && targets.every((target) => before.targets.has(target));
    const decision = isJudged ? before.decision : await this.#judge(view, targets);
    this.#views.set(decision, view);
    return decision;
  }

  /** What a procedure demands by itself, as a middleware. A context that the guard did not make is refused. */
  demands(options: RouteOptions): <Result>(call: ProcedureCall<Result>) => Promise<Result> {
    const route = this.#guarded.guard.route(options);
    this.#largestBody = Math.max(this.#largestBody, this.#guarded.guard.demands(route)[0].maxBodyBytes);
    return async ({ ctx, next }) => {
      const decision = await this.#guarded.guard.decide(this.#views.get(ctx.approov) ?? NO_REQUEST, route);
      if (decision.action === 'refuse') throw trpcError(decision);
      return next();
    };
  }

  /** The first refusal, else the last decision. */
  #judge(view: RequestView, targets: readonly string[]): MaybePromise<Decision> {
    const { guard, route } = this.#guarded;
    const [first = '', ...others] = targets;
    const decision = guard.decide(first === view.target ? view : new ProcedureView(view, first), route);
    if (others.length === 0) return decision;
    return chain<Decision, Decision>(decision, (found) => (found.action === 'refuse' ? found : this.#judge(view, others)));
  }
}
