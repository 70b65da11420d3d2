/** The message that is explained, and what is needed for it. */
import type { SignaturePolicy } from '../../core/judge-message.ts';
import type { PreparedKey } from '../../core/jws/key-set.ts';
import type { CryptoPort } from '../../core/ports.ts';
import type { RequestView } from '../../core/request-view.ts';
import type { Origin } from '../../core/signature/target.ts';
import type { Rejected } from '../../core/verdict.ts';

/** What a message is explained with. */
export interface MessageCase {
  readonly request: RequestView;
  readonly policy: SignaturePolicy;
  readonly origin: Origin | null;
  /** `null` where the token could not be read. */
  readonly key: PreparedKey | 'absent' | Rejected | null;
  /** Fields whose values are credentials. */
  readonly secrets: readonly string[];
  readonly at: number;
  readonly crypto: CryptoPort;
}
