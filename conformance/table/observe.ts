/** Observe mode passes everything and says what it found: for the whole guard, or for one check. */
import type { Setup } from '../adapters/adapter.ts';
import type { HeaderLine } from '../run/wire.ts';
import type { Case, Family } from './case.ts';
import { app, approovToken, deadToken, token } from './setups.ts';

const headers = ['authorization'];
const everything = app('observe', { mode: 'observe', binding: { headers } });
const bindingOnly = app('observe binding', { mode: { binding: 'observe' }, binding: { headers } });
const tokenObserved = app('observe token', { mode: { token: 'observe' }, binding: { headers } });

function row(setup: Setup, lines: readonly HeaderLine[], verdict: string, status = 200): Case {
  const mode = status === 200 && verdict !== 'accepted' ? 'observe' : null;
  return {
    name: `${setup.name}: ${verdict}`,
    setup,
    request: { target: '/shapes', headers: lines },
    expected: {
      status,
      verdict,
      echo: (echo) => {
        if (mode !== null && (echo.mode !== mode || echo.action !== 'pass'))
          throw new Error(`the handler saw ${echo.action} by ${echo.mode}`);
      },
    },
  };
}

const session: HeaderLine = ['Authorization', 'Bearer a'];
const good = approovToken(token({ bind: 'Bearer a' }));

export const observe: Family = {
  name: 'observe',
  cases: [
    row(everything, [], 'token-missing'),
    row(everything, [approovToken(deadToken())], 'token-expired'),
    row(everything, [approovToken('garbage')], 'token-malformed'),
    row(everything, [approovToken(token()), session], 'binding-claim-missing'),
    row(everything, [good, ['Authorization', 'Bearer b']], 'binding-mismatch'),
    row(everything, [good, session], 'accepted'),
    row(bindingOnly, [], 'token-missing', 401),
    row(bindingOnly, [approovToken(deadToken())], 'token-expired', 401),
    row(bindingOnly, [approovToken(token()), session], 'binding-claim-missing'),
    row(bindingOnly, [good, ['Authorization', 'Bearer b']], 'binding-mismatch'),
    row(bindingOnly, [good], 'binding-value-missing'),
    row(bindingOnly, [good, session], 'accepted'),
    row(tokenObserved, [], 'token-missing'),
    row(tokenObserved, [good, ['Authorization', 'Bearer b']], 'binding-mismatch'),
  ],
};
