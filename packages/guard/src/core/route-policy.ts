/** What a route demands as a whole, compiled from options once and then only read. */
import type { SignaturePolicy } from './judge-message.ts';
import type { BindingPolicy, Modes, TokenPolicy } from './policy.ts';
import type { ReplayStore } from './ports.ts';

/** What a route demands. */
export interface Policy {
  readonly token: TokenPolicy;
  /** Where one-time tokens are remembered, or `null` where a token may be used until it expires. */
  readonly tokenReplay: ReplayStore | null;
  readonly binding: BindingPolicy | null;
  readonly signature: SignaturePolicy | null;
  readonly modes: Modes;
}
