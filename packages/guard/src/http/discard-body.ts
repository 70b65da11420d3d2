/** What becomes of a body that was read in part. */
import type { RequestView } from '../core/request-view.ts';
import type { Decision } from './decide.ts';

/**
 * Drops the rest of a body that was too large, if the request is refused: Node does so by itself only where nobody has begun to read, and
 * the next request on the connection would wait for it for ever.
 */
export function discardRest(request: RequestView, { action, verdict }: Decision): void {
  if (action !== 'refuse' || verdict.outcome !== 'rejected' || verdict.reason !== 'digest-body-too-large') return;
  try {
    request.body?.discard?.();
  } catch {
    // The stream is gone, and with it what was left.
  }
}
