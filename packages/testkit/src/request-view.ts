/** A request without a socket, for tests of the guard in process. */
import * as views from 'approov-guard/views';

/** A header line: name in any case, and value. */
export type HeaderLine = views.HeaderLine;

/** What {@link requestView} takes. */
export type RequestContent = views.RequestContent;

/**
 * Makes the guard's view of a request from a plain list: the one of `approov-guard/views`. It does not check that the lines could be sent over HTTP.
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { devSecret, mintToken, requestView } from '@approov-guard/testkit';
 *
 * const guard = createGuard({ keys: { secret: devSecret } });
 * const verdict = await guard.judge(requestView({ headers: [['Approov-Token', mintToken({ secret: devSecret })]] }));
 * console.log(verdict.outcome); // accepted
 * ```
 */
export const requestView: (content?: RequestContent) => ReturnType<typeof views.requestView> = views.requestView;
