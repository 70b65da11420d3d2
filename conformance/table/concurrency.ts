/** Many requests at once, and clients that go away. */
import type { ObservedVerdict, Started } from '../adapters/adapter.ts';
import type { Echo } from '../app/behaviours.ts';
import { send, sendHalf, type WireRequest } from '../run/wire.ts';
import type { Case, Family } from './case.ts';
import { approovToken, deadToken, token, tokenOnly } from './setups.ts';

const PARALLEL = 200;
const HALF_A_MEGABYTE = { chunks: [Buffer.alloc(512 * 1024, 'a')], framing: 'length' } as const;

function requestOf(index: number): WireRequest {
  const value = index % 4 === 3 ? deadToken({ claims: { did: `device-${index}` } }) : token({ claims: { did: `device-${index}` } });
  const body = { chunks: [Buffer.alloc(index % 11, 'b')], framing: 'length' } as const;
  return { method: 'POST', target: '/slow', headers: [approovToken(value), ['Content-Type', 'text/plain']], body };
}

const noLeak: Case = {
  name: `${PARALLEL} at once: each handler sees its own claims`,
  setup: tokenOnly,
  run: async ({ started }) => {
    const responses = await Promise.all(Array.from({ length: PARALLEL }, (_, index) => send(started.origin, requestOf(index))));
    for (const [index, { status, body }] of responses.entries()) {
      const expected = index % 4 === 3 ? 401 : 200;
      if (status !== expected) throw new Error(`request ${index}: ${status}, expected ${expected}`);
      // The cast holds: the handler of /slow answers an echo.
      const did = status === 200 ? (JSON.parse(body.toString()) as Echo).claims?.did : `device-${index}`;
      if (did !== `device-${index}`) throw new Error(`request ${index} saw the claims of ${did}`);
    }
    const verdicts = await started.verdicts();
    if (verdicts.length !== PARALLEL) throw new Error(`${verdicts.length} verdicts for ${PARALLEL} requests`);
  },
};

const sameToken: Case = {
  name: 'one token in many requests at once',
  setup: tokenOnly,
  run: async ({ started }) => {
    const headers = [approovToken(token())];
    const responses = await Promise.all(Array.from({ length: 50 }, () => send(started.origin, { target: '/slow', headers })));
    if (responses.some(({ status }) => status !== 200)) throw new Error('not all were accepted');
    await started.verdicts();
  },
};

export const concurrency: Family = { name: 'concurrency', cases: [noLeak, sameToken] };

/** The server may notice the requests a little later than their clients go away. */
async function verdictsSoon(started: Started, count: number): Promise<readonly ObservedVerdict[]> {
  const verdicts: ObservedVerdict[] = [];
  for (let waited = 0; waited < 60_000; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    verdicts.push(...(await started.verdicts()));
    if (verdicts.length >= count) break;
  }
  return verdicts;
}

function goesAway(name: string, headers: WireRequest['headers'], verdict: string): Case {
  return {
    name,
    setup: tokenOnly,
    run: async ({ started, traits, expect }) => {
      const request = {
        method: 'POST',
        target: '/shapes',
        headers: [['Content-Type', 'text/plain'] as const, ...(headers ?? [])],
        body: HALF_A_MEGABYTE,
      };
      await Promise.all([1, 2, 3].map(() => sendHalf(started.origin, request)));
      const seen = traits.readsBodiesFirst === true ? 0 : 3;
      const verdicts = await verdictsSoon(started, seen);
      if (verdicts.length !== seen || verdicts.some(({ code }) => code !== verdict))
        throw new Error(`verdicts: ${JSON.stringify(verdicts)}`);
      await expect({ headers: [approovToken(token())] }, { status: 200, verdict: 'accepted' });
    },
  };
}

export const disconnects: Family = {
  name: 'disconnects',
  cases: [
    goesAway('in the middle of an accepted body', [approovToken(token())], 'accepted'),
    goesAway('in the middle of a refused body', [], 'token-missing'),
  ],
};
