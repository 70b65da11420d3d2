/** What handlers throw meets the framework's own error path, untouched. */
import type { WireResponse } from '../run/wire.ts';
import type { Case, Family } from './case.ts';
import { app, approovToken, token, tokenOnly } from './setups.ts';

const observing = app('observe, errors', { mode: 'observe' });
const exempt = app('exempt, errors', { exempt: ['/throws', '/rejects'] });

function untouched({ body, field }: WireResponse): void {
  if (field('x-error-path').join() !== 'framework' || body.toString() !== 'untouched') throw new Error(`the error path answered ${body}`);
}

function rows(target: string): readonly Case[] {
  const failed = { status: 500, response: untouched };
  const headers = [approovToken(token())];
  return [
    { name: `${target}, accepted`, setup: tokenOnly, request: { target, headers }, expected: { ...failed, verdict: 'accepted' } },
    { name: `${target}, observed`, setup: observing, request: { target }, expected: { ...failed, verdict: 'token-missing' } },
    { name: `${target}, exempt`, setup: exempt, request: { target }, expected: { ...failed, verdict: 'exempt' } },
    { name: `${target}, refused`, setup: tokenOnly, request: { target }, expected: { status: 401, verdict: 'token-missing' } },
  ];
}

export const errors: Family = { name: 'errors', cases: [...rows('/throws'), ...rows('/rejects')] };
