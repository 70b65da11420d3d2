/**
 * Why a request was rejected (reason codes: the client's side) or could not be judged (fault codes: our side). `docs/reasons.md` is
 * generated from these tables. What runs for each request needs the codes only, and imports them from `reasons/codes.ts`: bundlers then
 * leave the texts out.
 */
import type { ReasonCode, ReasonRow } from './reasons/codes.ts';
import { MESSAGE_REASONS } from './reasons/message-rows.ts';
import { REQUEST_REASONS, TOKEN_REASONS } from './reasons/token-rows.ts';

export type { FaultCode, FaultRow, ReasonCode, ReasonRow, Stage } from './reasons/codes.ts';
export { FAULTS } from './reasons/fault-rows.ts';

/** Every reason code with its row. */
export const REASONS: { readonly [Code in ReasonCode]: ReasonRow } = { ...REQUEST_REASONS, ...TOKEN_REASONS, ...MESSAGE_REASONS };
