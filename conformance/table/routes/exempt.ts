/** Exempt paths, and the targets that try to look like one. None of these requests carries a token. */
import type { Quirk } from '../../adapters/adapter.ts';
import type { Case, Expected, Family } from '../case.ts';
import { app, approovToken, deadToken, token } from '../setups.ts';

const setup = app('exempt', { exempt: ['/health', '/public/*', '/caf\u00e9'] });

/** A target that is exempt. */
function exempt(target: string): Case {
  return { name: target, setup, request: { target }, expected: { status: 200, verdict: 'exempt' } };
}

/** A target that is not. `normalised` says what becomes of it where the URL standard has read it before the guard and the handler do. */
function notExempt(target: string, more: Partial<Expected> = {}): Case {
  return { name: target, setup, request: { target }, expected: { status: 401, verdict: 'token-missing', ...more } };
}

type Quirks = NonNullable<Expected['quirks']>;

/** What the handler is asked for is exempt by then, and nothing else is reached. */
const becomesExempt = { normalised: { status: 200, verdict: 'exempt' } };
const exemptBy = (quirk: Quirk): Quirks => ({ [quirk]: { status: 200, verdict: 'exempt' } });
/** What platforms answer themselves, without asking the guard. */
const redirected: Quirks = { 'redirects-targets': { status: 308, verdict: 'unguarded' } };
const absolute: Quirks = { ...redirected, 'absolute-form-not-found': { status: 404, verdict: 'unguarded' } };
const undecodable: Quirks = { 'decodes-paths': { status: 500, verdict: 'unguarded' } };
const mayBeUnreadable = { frameworkMayRefuse: true };

export const exemptPaths: Family = {
  name: 'exempt paths',
  cases: [
    exempt('/health'),
    exempt('/health?x=1'),
    exempt('/health?/../private/secret'),
    // Where the router drops a final slash, it looks for `/public`, which is not below it.
    {
      ...exempt('/public/'),
      expected: { status: 200, verdict: 'exempt', quirks: { 'final-slash-dropped': { status: 401, verdict: 'token-missing' } } },
    },
    exempt('/public/a.txt'),
    exempt('/public/a/b/c?d=/../../e'),
    notExempt('/%68ealth'),
    exempt('/caf%C3%A9'),
    notExempt('/'),
    notExempt('/private/secret'),
    notExempt('/public'),
    notExempt('/publicity'),
    notExempt('/health/'),
    notExempt('/health/private'),
    notExempt('/health.'),
    notExempt('/health.json'),
    notExempt('/Health'),
    notExempt('/PUBLIC/a'),
    notExempt('/private/secret/health'),
    notExempt('/private/secret/.../health'),
    notExempt('/private/secret?/health'),
    notExempt('/private/secret?x=/public/'),
    notExempt('/public/../private/secret'),
    notExempt('/public/a/b/../../../private/secret'),
    notExempt('/health/../private/secret'),
    notExempt('/public/./a', becomesExempt),
    notExempt('/./health', becomesExempt),
    notExempt('/private/../health', becomesExempt),
    notExempt('//health', { ...mayBeUnreadable, quirks: redirected }),
    notExempt('/public//private/secret', { quirks: redirected }),
    notExempt('/public/%2e%2e/private/secret'),
    notExempt('/public/%2E%2E%2Fprivate/secret'),
    notExempt('/public/..%2fprivate/secret'),
    notExempt('/public/..%5cprivate/secret'),
    notExempt('/public/..%252fprivate/secret'),
    notExempt('/public/%25252e%25252e/private/secret'),
    notExempt('/public/..\\private\\secret', { ...mayBeUnreadable, quirks: redirected }),
    notExempt('/public\\..\\private', { ...mayBeUnreadable, quirks: redirected }),
    notExempt('/public/a;/../../private/secret'),
    notExempt('/public/..;/private/secret'),
    notExempt('/public/a%3b/b'),
    notExempt('/public/a%2fb'),
    notExempt('/public/a%5Cb'),
    notExempt('/public/a%2eb'),
    notExempt('/public/a%25b'),
    notExempt('/health%2f'),
    notExempt('/health;jsessionid=1'),
    notExempt('/health%3f/../private/secret'),
    notExempt('/health%00/../private/secret'),
    notExempt('/health%00'),
    notExempt('/health#/../private/secret', { ...mayBeUnreadable, quirks: exemptBy('fragment-dropped') }),
    notExempt('/public/..%c0%afprivate/secret', { ...mayBeUnreadable, quirks: undecodable }),
    notExempt('/public/%ff', { ...mayBeUnreadable, quirks: undecodable }),
    notExempt('/public/%', { ...mayBeUnreadable, quirks: undecodable }),
    notExempt('/public/%zz', { ...mayBeUnreadable, quirks: undecodable }),
    notExempt('http://api.example.com/health', { ...becomesExempt, quirks: { ...absolute, ...exemptBy('absolute-form') } }),
    notExempt('http://api.example.com/private/secret', { quirks: absolute }),
    notExempt('http://api.example.com/public/../private/secret', { quirks: absolute }),
    notExempt('http://other.example/private/secret?/health', {
      quirks: { ...absolute, 'contradiction-refused': { status: 400, verdict: 'unguarded' } },
    }),
    {
      name: 'headers that name another path',
      setup,
      request: {
        target: '/private/secret',
        headers: [
          ['X-Forwarded-Uri', '/health'],
          ['X-Original-URL', '/health'],
          ['X-Rewrite-URL', '/health'],
        ],
      },
      expected: { status: 401, verdict: 'token-missing' },
    },
    {
      name: 'a bad token on an exempt path',
      setup,
      request: { target: '/health', headers: [approovToken(deadToken())] },
      expected: { status: 200, verdict: 'exempt' },
    },
    {
      name: 'POST on an exempt path',
      setup,
      request: { method: 'POST', target: '/public/upload', body: { chunks: [Buffer.from('x')], framing: 'length' } },
      expected: { status: 200, verdict: 'exempt' },
    },
    {
      name: 'a good token on a protected path',
      setup,
      request: { target: '/private/secret', headers: [approovToken(token())] },
      expected: { status: 200, verdict: 'accepted' },
    },
    {
      name: 'a good token on an ambiguous path',
      setup,
      request: { target: '/public//x', headers: [approovToken(token())] },
      expected: { status: 200, verdict: 'accepted', quirks: redirected },
    },
  ],
};
