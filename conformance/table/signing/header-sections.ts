/**
 * Header sections longer than the server keeps: what was dropped framed the body, or named a second token. No handler may read what nobody
 * judged. Some platforms answer 431 or 400 themselves, and some drop nothing.
 */
import type { Echo } from '../../app/behaviours.ts';
import { type HeaderLine, send, type WireRequest, type WireResponse } from '../../run/wire.ts';
import type { Case, Family, ScenarioCase } from '../case.ts';
import { app, approovToken, token, tokenOnly } from '../setups.ts';
import { call, signedApp } from './signed.ts';

const digests = signedApp('digests required', { digest: 'required' });
const passing = app('pass preflights, long sections', { preflight: 'pass' });
const BODY = { chunks: [Buffer.from('evil')] };

/** So many lines that Node keeps none that comes after them. */
const LINES: readonly HeaderLine[] = Array.from({ length: 2100 }, () => ['a', '']);
const FEW: readonly HeaderLine[] = LINES.slice(0, 120);

/** The lines before the others, in front of what the wire adds. */
function after(request: WireRequest, lines: readonly HeaderLine[], more: Partial<WireRequest> = {}): WireRequest {
  return { ...request, ...more, headers: [...(request.headers ?? []), ...lines, ...(more.headers ?? [])] };
}

type Check = (response: WireResponse, codes: readonly string[]) => void;

function scenario(name: string, setup: ScenarioCase['setup'], request: () => WireRequest, check: (joinsLines: boolean) => Check): Case {
  const run: ScenarioCase['run'] = async ({ started, traits }) => {
    const response = await send(started.origin, request());
    check(traits.joinsLines)(
      response,
      (await started.verdicts()).map(({ code }) => code),
    );
  };
  return { name, setup, run };
}

/** Who sees lines as they came sees that some are missing, or keeps them all and sees the body; who does not takes the body itself for one, or has none. */
const refused = (joinsLines: boolean): Check => {
  return ({ status, body }, codes) => {
    if (status === 431 || status === 400) return;
    const isRefused = status === 401 && (joinsLines || /^(?:request-headers-cut|digest-missing)$/.test(codes.join()));
    // The cast holds: what answers 200 is an echo.
    const readNothing = joinsLines && status === 200 && (JSON.parse(body.toString()) as Echo).body.bytes === 0;
    if (!isRefused && !readNothing) throw new Error(`status ${status}, the hook saw ${codes.join()}`);
  };
};

const accepted = (): Check => {
  return ({ status }, codes) => {
    if (status !== 200 || codes.join() !== 'accepted') throw new Error(`status ${status}, the hook saw ${codes.join()}`);
  };
};

const bare = (): WireRequest => call({ client: 'urlsession', method: 'POST', digest: null });
const preflight: WireRequest = {
  method: 'OPTIONS',
  target: '/shapes',
  headers: [
    ['Origin', 'https://app.example.com'],
    ['Access-Control-Request-Method', 'POST'],
  ],
};
const genuine: WireRequest = { target: '/shapes', headers: [approovToken(token())] };

export const headerSections: Family = {
  name: 'header sections',
  cases: [
    scenario('the length of a body is dropped', digests, () => after(bare(), LINES, { body: { ...BODY, framing: 'length' } }), refused),
    scenario('the coding of a body is dropped', digests, () => after(bare(), LINES, { body: { ...BODY, framing: 'chunked' } }), refused),
    scenario(
      'the length is dropped of what looks like a preflight',
      passing,
      () => after(preflight, LINES, { body: { ...BODY, framing: 'length' } }),
      refused,
    ),
    scenario('a genuine request with many lines', tokenOnly, () => after(genuine, FEW), accepted),
  ],
};
