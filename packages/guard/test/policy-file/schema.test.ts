/** The published schema says what the guard accepts: the same names, the same bounds, the same words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { freshSecret, freshSigningKey, publicKeySet } from '@approov-guard/testkit';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ConfigurationError } from 'approov-guard';
import { policyFrom, ReplayStores } from 'approov-guard/policy-file';
import {
  BINDING,
  BODIES,
  CACHE,
  GUARD,
  MATCH,
  MEMORY_REPLAY,
  MODE,
  type OptionGroup,
  ORIGIN,
  REDIS_REPLAY,
  REFUSAL,
  REMOTE_KEYS,
  RULE,
  SECRET,
  SHARE,
  SIGNATURE,
  TOKEN,
} from '../../src/checks/option-table.ts';

interface Node {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: { readonly [name: string]: Node };
  readonly anyOf?: readonly Node[];
}
type Document = { readonly [name: string]: unknown };

const schema = JSON.parse(readFileSync(new URL('../../policy-file.schema.json', import.meta.url), 'utf8'));
const fits = new Ajv2020({ allowUnionTypes: true, strictRequired: false }).compile(schema);
const env = { SECRET: freshSecret().base64, REDIS: 'redis://redis.example' };
const reference = { env: 'SECRET' };
const keys = { secret: { base64: reference } };
const { pem } = freshSigningKey('ES256');
const jwks = publicKeySet([freshSigningKey('ES256')]);

/** What the loader says of a document: `null`, or the mistake. */
function refusal(document: Document): ConfigurationError | null {
  try {
    policyFrom(document, { env, stores: new ReplayStores(() => async () => 'OK') }).guard.close();
    return null;
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
}

/** Each object of the schema: where it is, a document around it, and names that only code can use. */
const PLACES: readonly (readonly [pointer: string, around: (content: Document) => Document, codeOnly: readonly string[]])[] = [
  ['', (content) => ({ keys, ...content }), ['onVerdict', 'onWarning', 'now', 'onEvent']],
  ['/$defs/token', (token) => ({ keys, token }), []],
  ['/$defs/binding', (content) => ({ keys, binding: { headers: ['authorization'], ...content } }), []],
  ['/$defs/signature', (signature) => ({ keys, signature }), ['accountKeys']],
  ['/$defs/mode/anyOf/1', (mode) => ({ keys, mode }), []],
  ['/properties/share', (share) => ({ keys, share }), []],
  ['/properties/bodies', (bodies) => ({ keys, bodies }), []],
  ['/properties/cache', (cache) => ({ keys, cache }), []],
  ['/$defs/origin', (origin) => ({ keys, origin }), []],
  ['/properties/refusal', (refusalOptions) => ({ keys, refusal: refusalOptions }), ['render']],
  ['/$defs/match', (content) => ({ keys, routes: [{ match: { methods: 'GET', ...content } }] }), []],
  ['/$defs/rule', (content) => ({ keys, rules: [{ name: 'a', denyDids: [], ...content }] }), ['deny', 'allow', 'timeoutSeconds']],
  [
    '/$defs/keysPart/oneOf/4',
    (content) => ({ keys: { jwksUrl: 'https://keys.example/', refreshSeconds: 604_800, ...content } }),
    ['fetch', 'onEvent'],
  ],
  ['/$defs/secret', (content) => ({ keys: { secret: { base64: reference, ...content } } }), ['bytes']],
  [
    '/$defs/replay/anyOf/3/properties/redis',
    (content) => ({ keys, token: { replay: { redis: { url: { env: 'REDIS' }, ...content } } } }),
    [],
  ],
  ['/$defs/replay/anyOf/2/properties/memory', (memory) => ({ keys, token: { replay: { memory } } }), []],
];

function at(pointer: string): Node {
  let node = schema;
  for (const name of pointer.split('/').slice(1)) node = node[name];
  return node;
}

const followed = (node: Node): Node => (node.$ref === undefined ? node : at(node.$ref.slice(1)));

for (const [pointer, around, codeOnly] of PLACES) {
  const { properties = {} } = at(pointer);

  test(`${pointer || 'the whole'}: the schema lists the names that the guard knows`, () => {
    const error = refusal(around({ zzz: 1 }));
    assert.equal(error?.code, 'option-unknown', error?.message);
    const known = (error.remedy.split('known here: ')[1] ?? '').split(', ');
    const sections = pointer === '' ? ['$schema', 'cors', 'gateway', 'authorizer', 'rollout'] : [];
    const missing = known.filter((name) => !(name in properties) && !codeOnly.includes(name));
    assert.deepEqual(missing, [], 'the guard knows them, the schema does not');
    const strange = Object.keys(properties).filter((name) => !known.includes(name) && !sections.includes(name));
    assert.deepEqual(strange, [], 'the schema knows them, the guard does not');
    assert.equal(fits(around({ zzz: 1 })), false);
  });

  for (const [name, property] of Object.entries(properties)) {
    const { minimum, maximum, enum: words } = followed(property);
    if (minimum !== undefined && maximum !== undefined) {
      test(`${pointer}/${name}: from ${minimum} to ${maximum}`, () => {
        for (const value of [minimum, maximum]) {
          assert.equal(refusal(around({ [name]: value })), null, String(value));
          assert.ok(fits(around({ [name]: value })), String(value));
        }
        for (const value of [minimum - 0.001, maximum + 1, '5']) {
          assert.match(refusal(around({ [name]: value }))?.path ?? '', new RegExp(`${name}$`), String(value));
          assert.ok(!fits(around({ [name]: value })), String(value));
        }
      });
    }
    if (words !== undefined && !codeOnly.includes(name)) {
      test(`${pointer}/${name}: one of ${words.join(', ')}`, () => {
        const needsMore = (word: unknown): boolean => word === 'account' || (name === 'algorithm' && word !== 'HS256');
        for (const word of words.filter((one) => !needsMore(one))) {
          const error = refusal(around({ [name]: word }));
          assert.ok(error === null || error.code !== 'option-invalid', error?.message);
        }
        assert.notEqual(refusal(around({ [name]: 'zzz' })), null);
        assert.ok(!fits(around({ [name]: 'zzz' })));
      });
    }
  }
}

test('what the guard takes fits the schema', () => {
  const documents: readonly Document[] = [
    { keys },
    { keys: [keys, { secrets: [{ base64: reference }] }, { jwks }, { pem, algorithm: 'ES256' }] },
    { keys, token: { prefix: { optional: 'Bearer' } } },
    { keys, token: { prefix: null, issuer: ['a'], audience: null, maxLifetimeSeconds: null, replay: 'memory' } },
    { keys, binding: null, signature: null, mode: 'observe', exempt: null, cache: null, origin: null, routes: [], rules: [] },
    { keys, signature: { label: 'account', accountKeys: [{ id: 'a', base64: reference }] } },
    { keys, signature: { required: ['@path', 'x-y'], tolerances: null, replay: null, tag: null } },
    { keys, signature: { tolerances: { stringDigest: false } } },
    { keys, origin: 'https://api.example.com' },
    { keys, routes: [{ match: { host: '*.example.com', path: ['/a', '/b/*'] }, name: 'a', keys, mode: { binding: 'observe' } }] },
    { keys, routes: [{ match: { path: '/health' }, exempt: true }] },
    { keys, $schema: 'x', gateway: { to: 'http://127.0.0.1:5000' }, cors: { origins: '*' }, authorizer: {} },
  ];
  for (const document of documents) {
    assert.equal(refusal(document), null, JSON.stringify(document));
    assert.ok(fits(document), JSON.stringify([document, fits.errors]));
  }
});

test('what the guard refuses does not fit it', () => {
  const documents: readonly Document[] = [
    {},
    { keys: {} },
    { keys: [] },
    { keys: { secret: { base64: 'c2VjcmV0' } } },
    { keys: { secret: { base64: reference, base64url: reference } } },
    { keys: { ...keys, jwks } },
    { keys, binding: {} },
    { keys, binding: { headers: [] } },
    { keys, binding: { headers: ['a b'] } },
    { keys, origin: 'api.example.com' },
    { keys, routes: [{ match: {} }] },
    { keys, routes: [{ name: 'a' }] },
    { keys, routes: [{ match: { path: '/a' }, exempt: false }] },
    { keys, rules: [{ name: 'a' }] },
    { keys, token: { replay: { redis: { url: 'redis://user:password@host' } } } },
    { keys, mode: 'off' },
    { keys, token: { prefix: {} } },
    { keys, token: { prefix: { optional: '' } } },
    { keys, token: { prefix: { optional: 'Bearer', other: 1 } } },
  ];
  for (const document of documents) {
    assert.notEqual(refusal(document), null, JSON.stringify(document));
    assert.ok(!fits(document), JSON.stringify(document));
  }
});

/** Where each table of options is in the schema. */
const TABLES: readonly (readonly [table: OptionGroup, pointer: string])[] = [
  [GUARD, ''],
  [TOKEN, '/$defs/token'],
  [BINDING, '/$defs/binding'],
  [SIGNATURE, '/$defs/signature'],
  [MODE, '/$defs/mode/anyOf/1'],
  [SHARE, '/properties/share'],
  [BODIES, '/properties/bodies'],
  [CACHE, '/properties/cache'],
  [ORIGIN, '/$defs/origin'],
  [REFUSAL, '/properties/refusal'],
  [MATCH, '/$defs/match'],
  [RULE, '/$defs/rule'],
  [REMOTE_KEYS, '/$defs/keysPart/oneOf/4'],
  [SECRET, '/$defs/secret'],
  [REDIS_REPLAY, '/$defs/replay/anyOf/3/properties/redis'],
  [MEMORY_REPLAY, '/$defs/replay/anyOf/2/properties/memory'],
];

for (const [table, pointer] of TABLES) {
  test(`${pointer || 'the whole'}: the schema has the bounds and the words of the table`, () => {
    const properties = at(pointer).properties ?? followed(at(pointer)).properties ?? {};
    for (const [name, row] of Object.entries(table)) {
      const property = properties[name];
      if (row === null || property === undefined) continue;
      const { minimum, maximum, enum: said } = followed(property);
      if ('words' in row) assert.deepEqual([...(said ?? [])].sort(), [...row.words].sort(), name);
      else assert.deepEqual([minimum, maximum], [row.min, row.max], name);
    }
  });
}
