import { readVectors, skipUnless } from '../../tools/optional.mjs';

/** A request of the vendor's public collections. */
export interface CollectedRequest {
  readonly suite: string;
  readonly name: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly mode: 'none' | 'token' | 'binding';
  readonly expect_status: number;
}

const collection = readVectors<{ secrets: { dummy: string }; requests: CollectedRequest[] }>('approov/requests.json');

/** The requests of one suite. */
export function requestsOf(suite: string): readonly CollectedRequest[] {
  return (collection?.requests ?? []).filter((request) => request.suite === suite);
}

/** For tests that need the collections. */
export const withVectors: { skip: string | false } = collection === null ? { skip: 'skipped: vectors not present' } : skipUnless(true, '');
