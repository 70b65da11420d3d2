/** The published schema of the policy file says of the sections `gateway` and `cors` what the gateway accepts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { PolicyRollout } from '@approov-guard/rollout';
import { ConfigurationError } from 'approov-guard';
import { compileAuthorizer } from '../src/authorizer/settings.ts';
import { compileCors } from '../src/proxy/cors.ts';
import { compileSettings } from '../src/settings.ts';

interface Node {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: { readonly [name: string]: Node };
  readonly items?: Node;
}

const schema: Node = JSON.parse(readFileSync(new URL('../../guard/policy-file.schema.json', import.meta.url), 'utf8'));
const to = 'http://127.0.0.1:5000';
const gateway = (section: object): unknown => compileSettings({ to, ...section }, '.');
const rollout = (section: object): unknown => new PolicyRollout({ env: {}, openRedis: null }).read(section, '.');

/** Each object of the two sections, and how something is tried in it. */
const PLACES: readonly (readonly [path: string, node: Node | undefined, use: (content: object) => unknown])[] = [
  ['gateway', schema.properties?.gateway, gateway],
  ['gateway.tls', schema.properties?.gateway?.properties?.tls, (tls) => gateway({ tls: { cert: 'a', key: 'b', ...tls } })],
  ['gateway.health', schema.properties?.gateway?.properties?.health, (health) => gateway({ health })],
  ['gateway.timeouts', schema.properties?.gateway?.properties?.timeouts, (timeouts) => gateway({ timeouts })],
  ['gateway.limits', schema.properties?.gateway?.properties?.limits, (limits) => gateway({ limits })],
  ['gateway.log', schema.properties?.gateway?.properties?.log, (log) => gateway({ log })],
  ['gateway.upstreams', schema.properties?.gateway?.properties?.upstreams?.items, (row) => gateway({ upstreams: [{ to, ...row }] })],
  ['authorizer', schema.properties?.authorizer, (section) => compileAuthorizer({ for: 'nginx', ...section }, '.')],
  ['rollout', schema.properties?.rollout, rollout],
  ['rollout.breaker', schema.properties?.rollout?.properties?.breaker, (breaker) => rollout({ breaker })],
  ['rollout.switch', schema.properties?.rollout?.properties?.switch, (section) => rollout({ switch: { maxMinutes: 10_080, ...section } })],
  [
    'rollout.shared',
    schema.properties?.rollout?.properties?.shared,
    (shared) => rollout({ shared: { url: 'redis://127.0.0.1', ...shared } }),
  ],
  ['cors', schema.properties?.cors, (cors) => compileCors({ origins: '*', ...cors })],
];

function refusal(use: () => unknown): ConfigurationError | null {
  try {
    use();
    return null;
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
}

for (const [path, node, use] of PLACES) {
  const properties = node?.properties ?? {};
  test(`${path}: the schema lists the names that the gateway knows`, () => {
    const error = refusal(() => use({ zzz: 1 }));
    assert.equal(error?.code, 'option-unknown');
    assert.deepEqual((error.remedy.split(/known (?:here:|are) /)[1] ?? '').split(', ').sort(), Object.keys(properties).sort());
  });

  for (const [name, { minimum, maximum, type, enum: words }] of Object.entries(properties)) {
    if (minimum !== undefined && maximum !== undefined) {
      test(`${path}.${name}: from ${minimum} to ${maximum}`, () => {
        for (const value of [minimum, maximum])
          assert.equal(
            refusal(() => use({ [name]: value })),
            null,
            String(value),
          );
        for (const value of [minimum - 0.001, maximum + 1, '5'])
          assert.match(refusal(() => use({ [name]: value }))?.path ?? '', new RegExp(`${name}$`));
        assert.equal(refusal(() => use({ [name]: null })) === null, Array.isArray(type) && type.includes('null'));
      });
    }
    if (words !== undefined) {
      test(`${path}.${name}: one of ${words.join(', ')}`, () => {
        for (const word of words)
          assert.equal(
            refusal(() => use({ [name]: word })),
            null,
          );
        assert.notEqual(
          refusal(() => use({ [name]: 'zzz' })),
          null,
        );
      });
    }
  }
}
