/** A connection that outlives the request which opened it: it ends when the token expires, unless the client sends a new one. */
import type { RequestView } from '../../core/request-view.ts';
import type { GuardedRoute } from '../../guard/create-guard.ts';
import type { Demands } from '../../guard/demands.ts';
import type { Decision } from '../../http/decide.ts';
import { TokenReplacedView } from './view-handshake.ts';
import type { Places } from './view-operation.ts';

/** Where the token of a guarded route is expected. */
export function tokenPlaceOf({ guard, route }: GuardedRoute): Demands['token'] {
  return guard.demands(route)[0].token;
}

/** Which headers the first message of a connection may say instead of its handshake: the token's, and those to which a token is bound. */
export function placesOf(guarded: GuardedRoute): Places {
  const headers = guarded.guard.demands(guarded.route).flatMap(({ token, boundHeaders }) => [token.header, ...boundHeaders]);
  return { token: tokenPlaceOf(guarded), headers: new Set(headers) };
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly guarded: GuardedRoute;
  /** The request that opened it. */
  readonly handshake: RequestView;
  readonly decision: Decision;
  /** Closes it. */
  readonly close: () => void;
}

/** An open connection. A request that passed without a valid token (exempt, or observed) opens one that never expires. */
export class Connection {
  readonly #parts: ConnectionParts;
  #decision: Decision;
  #close: () => void;
  #callOff: () => void = () => undefined;
  #ended = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#decision = parts.decision;
    this.#close = parts.close;
    this.#watch();
  }

  /** The decision in force. */
  get decision(): Decision {
    return this.#decision;
  }

  /**
   * Judges the handshake again, with another token: binding is checked against the handshake's own headers. If it passes, the connection
   * lives until that token expires; if not, it lives no longer than before. A handshake with a message signature cannot be renewed.
   */
  async renew(token: string): Promise<Decision> {
    const { guarded, handshake } = this.#parts;
    const decision = await guarded.guard.decide(new TokenReplacedView(handshake, tokenPlaceOf(guarded), token), guarded.route);
    if (decision.action === 'refuse' || decision.claims === null || this.#ended) return decision;
    this.#decision = decision;
    this.#watch();
    return decision;
  }

  /** Closes it another way when the token expires. */
  closeBy(close: () => void): void {
    this.#close = close;
  }

  /** To be called when it has ended: nothing is watched any more. */
  end(): void {
    this.#ended = true;
    this.#callOff();
  }

  #watch(): void {
    this.#callOff();
    const { guard, route } = this.#parts.guarded;
    this.#callOff = guard.whenExpired(
      this.#decision,
      () => {
        this.#ended = true;
        this.#close();
      },
      route,
    );
  }
}
