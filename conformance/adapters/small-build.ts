/** What `approov-guard/web-small` can do: all but message signatures (and rules and keys at a URL, which the table does not have). */
import type { Setup } from './adapter.ts';

/** Whether the small build has all that a setup asks for. */
export function inSmallBuild({ guard, routes }: Setup): boolean {
  return [guard, ...routes.map(({ demands }) => demands)].every((one) => typeof one !== 'object' || (one.signature ?? null) === null);
}
