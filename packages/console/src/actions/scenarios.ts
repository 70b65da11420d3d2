/** The buttons of the request builder: who sends, what, and which verdict follows. */
import { exampleToken, failoverToken, lookalikeToken, mintToken } from '@approov-guard/testkit';
import type { ShownScenario } from '../wire.ts';
import {
  ALICE,
  bound,
  exchanged,
  MALLORY,
  type Make,
  OTHER_USER,
  plain,
  signed,
  TEN_MINUTES_MS,
  USER,
  withText,
  withToken,
} from './made-requests.ts';

/** A button. */
export interface Scenario extends ShownScenario {
  /** Who the request is shown to come from. */
  readonly sender: string;
  readonly build: Make;
}

type Row = readonly [id: string, sender: string, title: string, story: string, expects: string, build: Make];

const GENUINE: readonly Row[] = [
  [
    'genuine',
    'genuine app',
    'Genuine app',
    'The app attested itself, got a token and sends it along.',
    '200 accepted',
    withToken(exampleToken),
  ],
  [
    'genuine-user',
    'genuine app',
    'Genuine app, user signed in',
    'The token is bound to the user’s sign-in, so it is of no use to anyone else.',
    '200 accepted',
    bound([['Authorization', USER]]),
  ],
  [
    'genuine-signed',
    'genuine app',
    'Genuine app that signs',
    'The app signs method, URL and token with a key that never leaves the phone.',
    '200 accepted',
    signed(),
  ],
  [
    'genuine-body',
    'genuine app',
    'Genuine app that signs a body',
    'The signature covers the digest of the body, too.',
    '200 accepted',
    signed({ body: '{"colour":"red"}' }),
  ],
  [
    'failover',
    'genuine app',
    'Genuine app during a cloud outage',
    'The fail-over cloud hands out simpler tokens while the primary one is down.',
    '200 accepted',
    withToken(failoverToken),
  ],
];

const TOKEN: readonly Row[] = [
  [
    'none',
    'script',
    'Script without a token',
    'Somebody read the API’s address out of the app and calls it with curl.',
    '400 token-missing',
    ({ paths }) => plain(paths.token, []),
  ],
  [
    'tampered',
    'repackaged app',
    'Tampered app',
    'The app failed attestation. Its token looks genuine, and is signed with another key.',
    '401 token-signature-invalid',
    withToken(lookalikeToken),
  ],
  [
    'expired',
    'bot',
    'Old token, sent again',
    'A bot copied a token last week. Tokens live for minutes.',
    '401 token-expired',
    withToken((options) => exampleToken({ ...options, lifetimeSeconds: -60 })),
  ],
  [
    'early',
    'genuine app',
    'Token from the future',
    'The clock of server or cloud is wrong: nbf lies ahead.',
    '401 token-not-yet-valid',
    withToken((options) => exampleToken({ ...options, claims: { nbf: Math.floor((options.now ?? 0) / 1000) + 600 } })),
  ],
  [
    'endless',
    'forger',
    'Token without an end',
    'A token without exp would open the API for ever.',
    '401 token-expiry-missing',
    withToken((options) => exampleToken({ ...options, claims: { exp: undefined } })),
  ],
  [
    'alg-none',
    'forger',
    'Forged: algorithm none',
    'The classic: a token that says it needs no signature.',
    '401 token-algorithm-not-allowed',
    withToken((options) => exampleToken({ ...options, header: { alg: 'none' } })),
  ],
  [
    'alg-other',
    'forger',
    'Another algorithm',
    'The algorithm belongs to the key, not to the token.',
    '401 token-algorithm-not-allowed',
    withToken((options) => mintToken({ ...options, algorithm: 'HS512' })),
  ],
  ['garbage', 'script', 'Nonsense', 'Something that is not a token at all.', '401 token-malformed', withText('adasdasdsadasd')],
  [
    'status',
    'genuine app',
    'App without a network',
    'The SDK could not reach the cloud, and says so in place of a token.',
    '401 token-sdk-status',
    withText('NO_NETWORK'),
  ],
  [
    'twice',
    'forger',
    'Two tokens',
    'Which one counts? Neither.',
    '401 token-duplicated',
    ({ secret, paths }, now) =>
      plain(paths.token, [
        ['Approov-Token', lookalikeToken({ secret, now })],
        ['Approov-Token', exampleToken({ secret, now })],
      ]),
  ],
];

const BINDING: readonly Row[] = [
  [
    'stolen',
    'thief',
    'Stolen token',
    'Mallory took Alice’s token and sends it with a session of her own.',
    '401 binding-mismatch',
    bound([['Authorization', OTHER_USER]]),
  ],
  [
    'no-session',
    'thief',
    'Stolen token, not signed in',
    'The token is bound to a sign-in that is not sent.',
    '400 binding-value-missing',
    bound([]),
  ],
  [
    'unbound',
    'genuine app',
    'Token that is not bound',
    'The app did not bind its token, and this route asks for that.',
    '400 binding-claim-missing',
    bound([['Authorization', USER]], null),
  ],
];

const SIGNATURE: readonly Row[] = [
  [
    'unsigned',
    'thief',
    'Not signed',
    'The token carries the installation’s key, so its requests have to be signed.',
    '400 signature-missing',
    signed({ change: (request) => ({ ...request, headers: request.headers.filter(([name]) => !name.startsWith('Signature')) }) }),
  ],
  [
    'moved',
    'man in the middle',
    'Moved to another URL',
    'A signed request, redirected on its way.',
    '401 signature-invalid',
    signed({ change: (request) => ({ ...request, target: `${request.target}?to=mallory` }) }),
  ],
  [
    'method',
    'man in the middle',
    'Another method',
    'A signed GET becomes a HEAD.',
    '401 signature-invalid',
    signed({ change: (request) => ({ ...request, method: 'HEAD' }) }),
  ],
  [
    'exchanged',
    'man in the middle',
    'Another token',
    'The signature covers the token: it cannot be exchanged.',
    '401 signature-invalid',
    signed({
      change: (request, { secret }, now) =>
        exchanged(request, 'Approov-Token', exampleToken({ secret, now, lifetimeSeconds: 1800, claims: { ipk: ALICE.ipk } })),
    }),
  ],
  [
    'other-key',
    'thief',
    'Signed by another phone',
    'A stolen token, signed with the thief’s own key.',
    '401 signature-invalid',
    signed({ by: MALLORY }),
  ],
  [
    'old',
    'bot',
    'Signed ten minutes ago',
    'Signatures are good for five minutes at most.',
    '401 signature-too-old',
    signed({ ago: TEN_MINUTES_MS }),
  ],
  [
    'replayed',
    'bot',
    'Sent twice',
    'A perfect copy of a genuine request. It is accepted once.',
    '401 signature-replayed',
    signed({ times: 2 }),
  ],
  [
    'body',
    'man in the middle',
    'Another body',
    'The signed digest belongs to the body that the app sent.',
    '401 digest-mismatch',
    signed({ body: '{"colour":"red"}', change: (request) => ({ ...request, body: '{"colour":"dye"}' }) }),
  ],
];

function scenarios(group: Scenario['group'], rows: readonly Row[]): readonly Scenario[] {
  return rows.map(([id, sender, title, story, expects, build]): Scenario => {
    const [status = '', code = ''] = expects.split(' ');
    return { id, group, sender, title, story, expects: { status: Number(status), code }, build };
  });
}

/** Every button, in the order in which they stand. */
export const SCENARIOS: readonly Scenario[] = [
  ...scenarios('genuine', GENUINE),
  ...scenarios('token', TOKEN),
  ...scenarios('binding', BINDING),
  ...scenarios('signature', SIGNATURE),
];
