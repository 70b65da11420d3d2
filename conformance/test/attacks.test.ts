/** The attack vectors that concern a whole request (families `transport` and `binding`), over real sockets on every adapter. */
import { strictEqual } from 'node:assert';
import { after, describe, it } from 'node:test';
import type { AttackCase, Attacks } from '../../packages/guard/test/vectors/attack-cases.ts';
import { findProgram, readVectors, skipUnless } from '../../tools/optional.mjs';
import type { GuardSetup, Setup } from '../adapters/adapter.ts';
import { gateway } from '../adapters/gateway.ts';
import { adapters } from '../adapters/index.ts';
import { proxies } from '../adapters/proxies.ts';
import type { Echo } from '../app/behaviours.ts';
import { rowsOf } from '../run/run.ts';
import type { Family, RequestCase } from '../table/case.ts';

const FAMILIES = ['transport', 'binding'];

/** Where several answers are defensible: ours, with the reason. */
const POLICY: { readonly [id: string]: { readonly status: number; readonly verdict: string } } = {
  'transport/dup-same': { status: 401, verdict: 'token-duplicated' },
  'transport/options-no-token': { status: 401, verdict: 'token-missing' },
  'binding/falsy-optional-null': { status: 401, verdict: 'binding-mismatch' },
  // The platform's rule has no separator.
  'binding/two-shifted': { status: 200, verdict: 'accepted' },
};

/** A platform that decodes header bytes as UTF-8 has lost this one. */
const LOST_BYTE = { quirks: { 'headers-as-utf8': { status: 401, verdict: 'binding-mismatch' } } };

/** The reasons of the others: the vectors say only that they must be rejected. */
const REASONS: { readonly [id: string]: string } = {
  'transport/dup-case': 'token-duplicated',
  'transport/underscore-and-real': 'token-signature-invalid',
  'transport/utf8-bytes': 'token-malformed',
  'transport/scheme-Basic': 'token-malformed',
  'transport/scheme-Token': 'token-malformed',
  'binding/empty-bound': 'binding-value-missing',
  'binding/empty-bound-missing': 'binding-value-missing',
  'binding/proxy-authorization': 'binding-value-missing',
  'binding/two-all-in-first-empty-second': 'binding-value-missing',
};
const REASON_OF_FAMILY: { readonly [family: string]: string } = { transport: 'token-missing', binding: 'binding-mismatch' };

function setupOf(attacks: Attacks, { profile, now_ms }: AttackCase): Setup {
  const { secret_base64 = '', binding } = attacks.profiles[profile] ?? {};
  const nowMs = now_ms ?? attacks.generated_for_now * 1000;
  const guard: GuardSetup = {
    keys: { secret: { base64: secret_base64 } },
    nowMs,
    binding: binding === undefined ? null : { headers: binding.headers, missing: binding.mode === 'required' ? 'reject' : 'accept' },
  };
  return { name: `${profile} at ${nowMs}`, guard, routes: [], scope: 'app', crypto: 'platform' };
}

function caseOf(attacks: Attacks, attack: AttackCase): RequestCase {
  const { request } = attack.input;
  if (request === undefined) throw new Error(`${attack.id} has no request`);
  const { method, target, headers, body_base64 = null } = request;
  const body = body_base64 === null ? {} : { body: { chunks: [Buffer.from(body_base64, 'base64')], framing: 'length' } as const };
  const reason = REASONS[attack.id] ?? REASON_OF_FAMILY[attack.family] ?? '';
  const required = attack.must === 'accept' ? { status: 200, verdict: 'accepted' } : { status: 401, verdict: reason };
  const expected = attack.must === 'policy' ? POLICY[attack.id] : required;
  if (expected === undefined) throw new Error(`${attack.id}: which answer is ours?`);
  const echo = (seen: Echo): void => strictEqual(seen.target, target);
  return {
    name: `${attack.id}: ${attack.description}`,
    setup: setupOf(attacks, attack),
    request: { method, target, headers, ...body },
    expected: { ...expected, echo, ...(attack.id === 'binding/latin1-wire-byte' ? LOST_BYTE : {}) },
  };
}

const attacks = readVectors<Attacks>('attacks.json');

describe('attack vectors over the wire', skipUnless(attacks, 'shared vectors'), () => {
  const families: readonly Family[] = FAMILIES.map((name) => ({
    name,
    cases: (attacks?.cases ?? []).filter(({ family }) => family === name).map((attack) => caseOf(attacks as Attacks, attack)),
  }));
  const places = [...adapters, gateway, ...proxies.filter(({ program }) => findProgram(program) !== null)];
  for (const row of rowsOf(places)) {
    describe(row.name, () => {
      after(() => row.close());
      for (const family of families) {
        it(`${family.name}: all ${family.cases.length}`, async () => {
          const { failures, total } = await row.run(family);
          strictEqual(failures.length, 0, `\n${failures.join('\n')}`);
          strictEqual(total > 0, true, 'no cases');
        });
      }
    });
  }
});
