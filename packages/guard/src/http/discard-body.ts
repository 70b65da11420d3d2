/** What becomes of a body that was not read to its end. */
import type { RequestView } from '../core/request-view.ts';
import type { Decision } from './decide.ts';

/**
 * Drops what is left of a body if the request is refused on its account: Node does so by itself only where nobody has begun to read, and the
 * next request on the connection would wait for it for ever. What still arrives is held by nobody.
 */
export function discardRest(request: RequestView, { action, verdict }: Decision): void {
  if (action !== 'refuse' || (verdict.outcome === 'rejected' ? !verdict.reason.startsWith('digest-body-') : verdict.stage !== 'digest'))
    return;
  try {
    request.body?.discard?.();
  } catch {
    // The stream is gone, and with it what was left.
  }
}
