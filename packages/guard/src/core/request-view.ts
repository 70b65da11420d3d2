/** What the core sees of a request. One contract, one view a platform (`src/http/view-*.ts`). */
import type { MaybePromise } from './result.ts';
import type { Bytes } from './time.ts';

/** A request as it arrived. Views read lazily: what is not asked for is not copied. */
export interface RequestView {
  /** The method, in the case in which it was sent. */
  readonly method: string;
  /** The scheme as the client saw it, lower case, or `null` where it is unknown. */
  readonly scheme: string | null;
  /** The authority as the client saw it: host and, if sent, port; or `null` where it is unknown. */
  readonly authority: string | null;
  /** The request target exactly as it was sent: never decoded, never normalised. */
  readonly target: string;
  /**
   * The target by which the handler is chosen, where something has rewritten it on its way: raw, and whole (a prefix that a router took off
   * is put back). Routes and exemptions hold for both. Default: `target`.
   */
  readonly currentTarget?: string;
  /** Further targets under which a framework knows the same handler: without its base path, or its locale. Routes and exemptions hold for each. */
  readonly otherTargets?: readonly string[];
  /**
   * The field lines with this name, as they arrived, duplicates kept, in order. Each character stands for one byte (ISO-8859-1).
   * @param name - the field name in lower case
   */
  lines(name: string): readonly string[];
  /** The body. A view without it is taken as having none. */
  readonly body?: RequestBody;
  /**
   * The address of the peer that sent the request (a client or a proxy), `unix` if it came by a Unix socket, or `null` where the platform does not
   * tell. Default: `null`.
   */
  readonly peer?: string | null;
  /** The platform's own request: two views of the same one show the same message, which is not a replay of itself. Default: none. */
  readonly message?: object;
  /** On what it is noted that the message was judged before: an object of this message alone, the same for all its views. Default: `message`. */
  readonly noted?: object;
  /** True where the platform may have dropped header lines, because there were too many for it. Default: false. */
  readonly mayBeCut?: boolean;
  /**
   * True where what passes goes on to another server (a proxy), or becomes a connection: then no preflight passes unjudged. Default: false.
   */
  readonly leadsOn?: boolean;
  /** True where the platform joins repeated lines with `, ` before anybody can see them (Fetch `Headers`). Default: false. */
  readonly joinsLines?: boolean;
}

/** A request's body, which is read only when a policy needs it. */
export interface RequestBody {
  /** Whether the message has content: a length above zero, or a transfer coding. */
  readonly present: boolean;
  /**
   * True where nobody here sees the content, and the operator has said that whoever stands behind compares its digest: as `digest: 'delegated'`, but
   * said of the place instead of the policy. A digest that is missing is judged all the same. Default: false.
   */
  readonly delegated?: boolean;
  /**
   * Reads the whole content, as it was sent, at most so many bytes, and leaves it readable for the handler.
   * @param allowance - to be asked before bytes are held. Default: anything goes. A view that never asks is charged when it has read.
   */
  read(maxBytes: Bytes, allowance?: BodyAllowance): MaybePromise<BodyRead>;
  /**
   * Lets what is left of it arrive and drops it, so that it does not stand in the way of the next request. Platforms that do so by themselves have
   * none.
   */
  discard?(): void;
}

/** What one body may take of the memory and the time that the guard gives to bodies. */
export interface BodyAllowance {
  /** Takes note of so many more bytes; `false` if they may not be held. */
  take(bytes: Bytes): boolean;
  /** Set by a view that is waiting: lets go of what it holds, since time is up. */
  stop: (() => void) | null;
}

/**
 * What reading a body gave. `gone`: somebody read it before us and kept no raw bytes; `remedy` says how to fix that. `left`: the client went
 * away before all of it had arrived. `late`: it had not arrived in time. `over-budget`: too many bytes of bodies are held already.
 */
export type BodyRead =
  | { readonly outcome: 'read'; readonly chunks: readonly Uint8Array[] }
  | { readonly outcome: 'too-large' }
  | { readonly outcome: 'gone'; readonly remedy: string }
  | { readonly outcome: 'left' }
  | { readonly outcome: 'late' }
  | { readonly outcome: 'over-budget' };
