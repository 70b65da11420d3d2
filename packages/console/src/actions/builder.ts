/** The request builder: presses a button, or sends an edited copy of what a button made. */
import { randomBytes } from 'node:crypto';
import { FAULTS, REASONS } from 'approov-guard';
import { withDifferences } from '../way/differences.ts';
import { ORDER_TEXTS } from '../way/order-texts.ts';
import { adviceOn } from '../way/way.ts';
import type { Sent, Setup, WireRequest } from '../wire.ts';
import { BuilderError } from './builder-error.ts';
import type { Built, Target } from './made-requests.ts';
import { SCENARIOS } from './scenarios.ts';
import { send } from './send.ts';

/** Requests of which it is known what the app had signed. */
const REMEMBERED = 200;
const LONGEST = { method: 20, target: 4096, name: 200, value: 16_384, body: 32_768, headers: 60 };

/** The builder of one console. */
export class Builder {
  readonly #target: Target;
  readonly #signed: Map<string, { readonly signed: WireRequest | null; readonly sender: string }> = new Map();

  constructor(target: Target) {
    this.#target = target;
  }

  /** Presses a button. */
  async press(id: unknown): Promise<Sent> {
    const scenario = SCENARIOS.find((row) => row.id === id);
    if (scenario === undefined) throw new BuilderError('There is no such button.');
    return this.#send(scenario.build(this.#target, Date.now()), scenario.sender);
  }

  /** Sends what was edited. */
  async sendEdited(request: unknown, from: unknown): Promise<Sent> {
    const known = typeof from === 'string' ? this.#signed.get(from) : undefined;
    return this.#send({ sent: checkedRequest(request), signed: known?.signed ?? null, times: 1 }, known?.sender ?? 'request builder');
  }

  async #send({ sent, signed, times }: Built, sender: string): Promise<Sent> {
    const { origin } = this.#target;
    try {
      for (let earlier = 1; earlier < times; earlier++) await send(origin, sent, sender);
      const { status, answer, way } = await send(origin, sent, sender);
      const from = this.#remember(signed, sender);
      return { request: sent, from, status, answer, times, way: way === null ? null : withDifferences(way, origin, sent, signed) };
    } catch (error) {
      throw new BuilderError(`This request cannot be sent: ${error instanceof Error ? error.message : 'it failed'}`);
    }
  }

  #remember(signed: WireRequest | null, sender: string): string {
    const from = randomBytes(9).toString('base64url');
    this.#signed.set(from, { signed, sender });
    if (this.#signed.size > REMEMBERED) this.#signed.delete(this.#signed.keys().next().value ?? '');
    return from;
  }
}

/** What the page needs once. */
export function setupOf(target: Target | null, hasCloud: boolean): Setup {
  const codes = [...Object.keys(REASONS), ...Object.keys(FAULTS), 'accepted'];
  return {
    api: target?.origin ?? null,
    hasCloud,
    scenarios: target === null ? [] : SCENARIOS.map(({ id, group, title, story, expects }) => ({ id, group, title, story, expects })),
    order: ORDER_TEXTS,
    meanings: Object.fromEntries(codes.map((code) => [code, adviceOn(code)])),
  };
}

function checkedRequest(given: unknown): WireRequest {
  if (typeof given !== 'object' || given === null) throw new BuilderError('A request has a method, a path and headers.');
  const { method, target, headers, body = null } = given as { readonly [name: string]: unknown };
  const isBodyFine = body === null || (typeof body === 'string' && body.length <= LONGEST.body);
  if (typeof method !== 'string' || method.length > LONGEST.method) throw new BuilderError('The method is a word, such as GET.');
  if (typeof target !== 'string' || !target.startsWith('/') || target.length > LONGEST.target)
    throw new BuilderError('The path begins with a slash.');
  if (!isBodyFine) throw new BuilderError(`The body is text of at most ${LONGEST.body} characters.`);
  return { method, target, headers: checkedHeaders(headers), body: body as string | null };
}

function checkedHeaders(headers: unknown): WireRequest['headers'] {
  if (!Array.isArray(headers) || headers.length > LONGEST.headers)
    throw new BuilderError(`Headers are a list of at most ${LONGEST.headers} lines.`);
  return headers.map((line: unknown) => {
    const [name, value] = Array.isArray(line) ? line : [];
    if (typeof name !== 'string' || typeof value !== 'string' || name.length > LONGEST.name || value.length > LONGEST.value)
      throw new BuilderError('A header is a line such as Name: value.');
    // It is the API's own host that is called, and how the body is framed is not for the page to say.
    if (/^(?:host|transfer-encoding|connection|upgrade|content-length)$/i.test(name))
      throw new BuilderError(`The header ${name} cannot be edited.`);
    return [name, value] as const;
  });
}
