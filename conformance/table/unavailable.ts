/** Our own outages are 503, never the client's fault, and never let anybody in. */
import type { KeysSetup, Setup } from '../adapters/adapter.ts';
import type { WireResponse } from '../run/wire.ts';
import type { Case, Family } from './case.ts';
import { app, approovToken, token } from './setups.ts';

function outage({ body, field }: WireResponse): void {
  if (body.toString() !== '{}') throw new Error(`body ${body}`);
  if (field('retry-after').join() !== '5' || field('cache-control').join() !== 'no-store') throw new Error('retry-after or cache-control');
  if (field('www-authenticate').length > 0) throw new Error('an outage is not a challenge');
}

function row(setup: Setup, verdict: string, status: number): Case {
  const request = { target: '/shapes', headers: [approovToken(token())] };
  return {
    name: `${setup.name}: ${status}`,
    setup,
    request,
    expected: { status, verdict, ...(status === 503 ? { response: outage } : {}) },
  };
}

function rows(keys: Extract<KeysSetup, string>, fault: string): readonly Case[] {
  return [
    row(app(`keys ${keys}`, { keys }), fault, 503),
    row(app(`keys ${keys}, observed`, { keys, mode: 'observe' }), fault, 200),
    row(app(`keys ${keys}, binding observed`, { keys, mode: { binding: 'observe' } }), fault, 503),
  ];
}

const exempt = app('keys unavailable, exempt', { keys: 'unavailable', exempt: ['/health'] });

export const unavailable: Family = {
  name: 'unavailable',
  cases: [
    ...rows('unavailable', 'keys-unavailable'),
    ...rows('empty', 'keys-empty'),
    ...rows('failing', 'internal'),
    row(app('a clock that answers nonsense', { nowMs: Number.NaN }), 'internal', 503),
    row(app('problem+json outage', { keys: 'unavailable', refusal: { status: 403 } }), 'keys-unavailable', 503),
    { name: 'exempt paths live on', setup: exempt, request: { target: '/health' }, expected: { status: 200, verdict: 'exempt' } },
  ],
};
