/** Finds what the client signed differently: tries what is known to differ until the base agrees. */
import { resolveComponent, SignatureBases } from '../core/signature/base.ts';
import type { Component, SignedMessage, UnverifiedSignature } from '../core/signature/parse-signature.ts';
import { type Deviations, STRICT } from '../core/signature/sdk-tolerances.ts';
import * as alternatives from './alternatives.ts';
import { type Difference, type IsSecret, shownValue } from './explanation.ts';

/** What is searched, and how a base is recognised. */
export interface Search {
  readonly unverified: UnverifiedSignature;
  readonly message: SignedMessage;
  /** Whether the client signed this base. */
  readonly agrees: (base: string) => Promise<boolean>;
  readonly isSecret: IsSecret;
}

/** The request as the client may have made it. */
interface Draft {
  readonly scheme: string;
  readonly authority: string;
  readonly target: string;
  readonly method: string;
  readonly form: Deviations;
  readonly field: alternatives.FieldChange | null;
}

type Part = keyof Draft;

/** One change to one part of the request. */
interface Change {
  readonly part: Part;
  readonly cause: string;
  readonly value: Draft[Part];
}

interface Reading {
  readonly message: SignedMessage;
  readonly form: Deviations;
  readonly causes: readonly string[];
}

const MOST_CHANGES = 3;
/** With a change of a field, of which there are many. */
const MOST_OTHERS = 1;

/** The components whose values differ in the base that the client signed; `null` if no reading of the request gives that base. */
export async function locateDifferences(search: Search): Promise<readonly Difference[] | null> {
  const tried = new Set<string>();
  const { components, parametersText } = search.unverified;
  for (const reading of readings(search)) {
    const outcome = new SignatureBases(components, parametersText, reading.message).with(reading.form);
    if (!('base' in outcome) || tried.has(outcome.base)) continue;
    tried.add(outcome.base);
    if (await search.agrees(outcome.base)) return differencesOf(search, reading);
  }
  return null;
}

/** All readings, those with the fewest changes first. */
function readings({ message, unverified }: Search): readonly Reading[] {
  const { request, origin } = message;
  const parts = {
    scheme: alternatives.schemes(origin),
    authority: alternatives.authorities(request, origin),
    target: alternatives.targets(request),
    method: alternatives.methods(request),
    form: alternatives.clientForms(),
  };
  // The cast holds: the names are those of the parts.
  const lists = Object.entries(parts).map(([part, list]) => changesOf(part as Part, list));
  const fields = changesOf('field', alternatives.fieldChanges(request, unverified)).map((change) => [change]);
  const others = combined(lists, MOST_OTHERS);
  const sets = [...combined(lists, MOST_CHANGES), ...fields.flatMap((field) => others.map((other) => [...field, ...other]))];
  // The cast holds: every list begins with what is seen.
  const seen = Object.fromEntries(Object.entries(parts).map(([part, list]) => [part, list[0]?.value])) as unknown as Draft;
  return sets.sort((left, right) => left.length - right.length).map((changes) => readingOf(message, { ...seen, field: null }, changes));
}

function changesOf(part: Part, list: readonly alternatives.Alternative<Draft[Part]>[]): readonly Change[] {
  return list.flatMap(({ cause, value }) => (cause === null ? [] : [{ part, cause, value }]));
}

/** Every choice of at most so many changes, at most one from each list. */
function combined(lists: readonly (readonly Change[])[], most: number): readonly (readonly Change[])[] {
  const [list, ...rest] = lists;
  if (list === undefined || most === 0) return [[]];
  const fewer = combined(rest, most - 1);
  return [...combined(rest, most), ...list.flatMap((change) => fewer.map((others) => [change, ...others]))];
}

function readingOf({ request }: SignedMessage, seen: Draft, changes: readonly Change[]): Reading {
  const draft: Draft = { ...seen, ...Object.fromEntries(changes.map(({ part, value }) => [part, value])) };
  const { scheme, authority, target, method, form, field } = draft;
  const lines = (name: string): readonly string[] => (field !== null && field.name === name ? field.lines : request.lines(name));
  const changed = { method, scheme: request.scheme, authority: request.authority, target, lines };
  return { message: { request: changed, origin: { scheme, authority } }, form, causes: changes.map(({ cause }) => cause) };
}

function differencesOf({ unverified, message, isSecret }: Search, reading: Reading): readonly Difference[] {
  const cause = [...new Set(reading.causes)].join('; ');
  const shown = (component: Component, value: string | null): string | null =>
    value === null ? null : shownValue(component.name, value, isSecret);
  return unverified.components.flatMap((component) => {
    const server = resolveComponent(component, message, STRICT);
    const client = resolveComponent(component, reading.message, reading.form);
    if (server === client) return [];
    return [{ identifier: component.identifier, server: shown(component, server), client: shown(component, client), cause }];
  });
}
