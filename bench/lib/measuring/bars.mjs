/** The bars: what each figure must not exceed (or fall below), and where it is found among the rows. */

/** @typedef {import('../../run.mjs').Row} Row */
/** @typedef {{ what: string, bar: string, reached: number, low: number, high: number, met: boolean }} Bar */
/** @typedef {{ what: string, suite: string, group: string, name: string, of: string, most?: number, least?: number }} Rule */

const token = (/** @type {string} */ group, /** @type {number} */ most, name = 'approov-guard') => ({
  what: `${group}${name === 'approov-guard' ? '' : ', no cache'}, ÷ raw verification`,
  suite: 'token',
  group,
  name,
  of: 'ratio',
  most,
});
const uncached = 'approov-guard, no cache';

/** What answers with little work of its own, so that a guard shows. */
const LIGHT = [
  'node:http',
  'fastify',
  'hono',
  'h3',
  'elysia (Node)',
  'fetch (Hono on Node)',
  'fetch (Bun)',
  'fetch (Deno)',
  'nest (Fastify)',
];
const EXPRESS_LIKE = ['express', 'koa', 'hapi', 'nest (Express)'];

/** @type {Rule[]} */
const RULES = [
  token('HS256, never seen before', 1.3),
  token('HS256, never seen before', 1.3, uncached),
  token('HS256, same token', 0.12),
  token('HS256, bad signature', 1.0),
  token('HS256, malformed', 0.2),
  token('HS256, expired', 1.3),
  token('HS256, expired', 1.3, uncached),
  token('HS256, oversized', 0.1),
  ...['RS256', 'ES256', 'EdDSA'].flatMap((algorithm) => [
    token(`${algorithm}, same token`, 1.1, uncached),
    token(`${algorithm}, same token`, 0.02),
  ]),
  {
    what: 'RFC 9421 ECDSA P-256, SDK components, ÷ raw verify',
    suite: 'signature',
    group: 'ecdsa-p256-sha256',
    name: 'approov-guard',
    of: 'ratio',
    most: 1.2,
  },
  ...LIGHT.flatMap((group) => http(group, 0.93)),
  ...EXPRESS_LIKE.flatMap((group) => http(group, 0.97)),
  {
    what: 'guard CPU per valid request, node:http, µs',
    suite: 'http',
    group: 'node:http',
    name: 'guard, valid',
    of: 'guard CPU µs',
    most: 5,
  },
  {
    what: 'guard CPU per rejected request, node:http, µs',
    suite: 'http',
    group: 'node:http',
    name: 'guard, bad signature',
    of: 'guard CPU µs',
    most: 8,
  },
  ...[...LIGHT, ...EXPRESS_LIKE].flatMap((group) => [
    {
      what: `${group}: the adapter over a middleware that does nothing, CPU µs`,
      suite: 'http',
      group,
      name: 'guard, over a middleware that does nothing',
      of: 'CPU µs more',
      most: 6,
    },
    {
      what: `${group}: a refused request ÷ an answered one, by CPU`,
      suite: 'http',
      group,
      name: 'guard, refused over answered',
      of: 'ratio',
      most: 1,
    },
  ]),
  ...['bad signature', 'malformed', 'expired', 'oversized'].flatMap((kind) => [
    {
      what: `p99 of good traffic under ${kind}, protected / unprotected`,
      suite: 'flood',
      group: kind,
      name: 'guard',
      of: 'p99 ratio',
      most: 1.1,
    },
    { what: `good requests lost under ${kind}`, suite: 'flood', group: kind, name: 'guard', of: 'lost', most: 0 },
  ]),
  { what: 'resident growth, 1,000,000 tokens, MiB', suite: 'memory', group: 'distinct tokens', name: '1000000', of: 'RSS MiB', most: 64 },
  {
    what: 'longest pause, 1,000,000 tokens, ms',
    suite: 'memory',
    group: 'distinct tokens',
    name: '1000000',
    of: 'longest pause ms',
    most: 50,
  },
  ...proxy('HAProxy, ÷ HAProxy that checks nothing', 'HAProxy by itself', 0.85),
  ...proxy('proxies, ÷ nginx', 'nginx by itself (njs)', 0.6),
  ...proxy('proxies, ÷ nginx', 'nginx and the authoriser', 0.4),
  ...proxy('proxies, ÷ nginx', 'approov-guard gateway', 0.33),
  ...['flask', 'fastapi'].flatMap((framework) =>
    ['unprotected, behind HAProxy by itself', 'unprotected, behind our gateway'].flatMap((name) =>
      proxy(`${framework}, ÷ the vendor’s check`, name, 1),
    ),
  ),
  soak('RSS growth MiB', 'soak of 600 s, resident growth after warm-up, MiB', 16),
  soak('heap growth MiB', 'soak of 600 s, heap growth after warm-up, MiB', 4),
];

/** @param {string} group @param {string} name @param {number} least @returns {Rule[]} */
function proxy(group, name, least) {
  const common = { suite: 'gateway', group, name, least };
  return [
    { ...common, what: `${group}: ${name}, requests/s`, of: 'ratio' },
    { ...common, what: `${group}: ${name}, by CPU`, of: '÷ first row, by CPU' },
  ];
}

/** @param {string} of @param {string} what @param {number} most @returns {Rule} */
function soak(of, what, most) {
  return { what, suite: 'soak', group: 'new tokens, bad tokens, signed requests', name: '600 s', of, most };
}

/** @param {string} group @param {number} least @returns {Rule[]} */
function http(group, least) {
  const common = { suite: 'http', group, name: 'guard, valid', least };
  return [
    { ...common, what: `${group}, protected / unprotected, requests/s`, of: 'ratio' },
    { ...common, what: `${group}, protected / unprotected, by CPU per request`, of: '÷ unprotected, by CPU' },
  ];
}

/** The bars that these rows can tell about. @param {readonly Row[]} rows @returns {Bar[]} */
export function barsOf(rows) {
  return RULES.flatMap((rule) => {
    const row = rows.find(({ suite, group, name }) => suite === rule.suite && group === rule.group && name === rule.name);
    const found = rule.of === 'ratio' ? row?.ratio : row?.figures?.[rule.of];
    if (found === undefined) return [];
    const { median, low, high } = typeof found === 'object' ? found : { median: Number(found), low: Number.NaN, high: Number.NaN };
    const met = median <= (rule.most ?? Number.POSITIVE_INFINITY) && median >= (rule.least ?? Number.NEGATIVE_INFINITY);
    return [{ what: rule.what, bar: rule.most === undefined ? `≥ ${rule.least}` : `≤ ${rule.most}`, reached: median, low, high, met }];
  });
}
