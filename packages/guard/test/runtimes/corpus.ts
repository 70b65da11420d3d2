/** The corpus: made once, on Node, from the test kit and the shared vectors. */
import type { Corpus, CorpusCase, Expected, GuardData, RequestData } from './core-suite.ts';
import { configurationCases } from './corpus-configurations.ts';
import { bodyCases, clientCases, tamperedCases } from './corpus-messages.ts';
import { bindingCases, fetchCases, keyCases, mutatedCases, replayCases, tokenCases } from './corpus-tokens.ts';
import { attackCases, publishedCases, suiteCases } from './corpus-vectors.ts';

/** One case before its guard has a place. */
export interface Draft {
  readonly id: string;
  readonly expected?: Expected;
  readonly guard: GuardData;
  readonly through?: CorpusCase['through'];
  readonly requests?: readonly RequestData[];
}

/** A request that carries this token, and other headers. */
export function withToken(token: string, headers: RequestData['headers'] = [], more: Partial<RequestData> = {}): RequestData {
  return { ...more, headers: [['Approov-Token', token], ...headers] };
}

/** Makes the corpus: every part by name. */
export function makeCorpus(): { readonly [part: string]: Corpus } {
  const parts: { readonly [part: string]: readonly Draft[] } = {
    'token kinds': tokenCases(),
    'keys and algorithms': keyCases(),
    'mutated tokens': mutatedCases(),
    bindings: bindingCases(),
    'clients’ signatures': clientCases(),
    'tampered messages': tamperedCases(),
    'bodies and digests': bodyCases(),
    replays: replayCases(),
    'fetch adapter': fetchCases(),
    configurations: configurationCases(),
    'collected attacks': attackCases(),
    'JOSE suites': suiteCases(),
    'published tokens': publishedCases(),
  };
  return Object.fromEntries(Object.entries(parts).map(([part, drafts]) => [part, corpusOf(drafts)]));
}

function corpusOf(drafts: readonly Draft[]): Corpus {
  const places = new Map<string, number>();
  const guards: GuardData[] = [];
  const cases = drafts.map(({ id, expected = null, guard, through = 'decide', requests = [] }) => {
    const text = JSON.stringify(guard);
    const place = places.get(text) ?? guards.push(guard) - 1;
    places.set(text, place);
    return { id, expected, guard: place, through, requests };
  });
  return { guards, cases };
}
