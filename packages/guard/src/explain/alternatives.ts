/** What a request may have been before proxies and client libraries changed it. */
import { trimOptionalWhiteSpace } from '../core/bytes.ts';
import type { RequestView } from '../core/request-view.ts';
import type { UnverifiedSignature } from '../core/signature/parse-signature.ts';
import { acceptedCombinations, type Deviations, STRICT, TOLERANCE_NAMES, type Tolerances } from '../core/signature/sdk-tolerances.ts';
import { hostOf, normaliseAuthority, type Origin, splitTarget } from '../core/signature/target.ts';

/** One thing as it may have been, and what would explain it. The first of each list is what the server sees, without a cause. */
export interface Alternative<T> {
  readonly cause: string | null;
  readonly value: T;
}

type Alternatives<T> = readonly Alternative<T>[];

/** Another value for one field. */
export interface FieldChange {
  readonly name: string;
  readonly lines: readonly string[];
}

function seen<T>(value: T): Alternative<T> {
  return { cause: null, value };
}

/** Schemes: the other one. */
export function schemes(origin: Origin | null): Alternatives<string> {
  const scheme = origin?.scheme ?? 'https';
  const other = scheme === 'https' ? 'http' : 'https';
  return [seen(scheme), { cause: `the client used ${other}: set \`origin\`, or trust the proxy that ends TLS`, value: other }];
}

/** Authorities: those of forwarding fields, with and without port. */
export function authorities(request: RequestView, origin: Origin | null): Alternatives<string> {
  const forwarded = /(?:^|[;,\s])host="?([^";,]+)/i.exec(firstLine(request, 'forwarded'))?.[1] ?? '';
  const port = firstLine(request, 'x-forwarded-port');
  const named = [
    { field: 'Forwarded', value: forwarded },
    { field: 'X-Forwarded-Host', value: firstLine(request, 'x-forwarded-host').split(',')[0] ?? '' },
    { field: 'X-Original-Host', value: firstLine(request, 'x-original-host') },
    { field: 'Host', value: firstLine(request, 'host') },
  ];
  const found = named.flatMap(({ field, value }) => {
    const normal = value === '' ? null : normaliseAuthority(trimOptionalWhiteSpace(value), origin?.scheme ?? 'https');
    return normal === null ? [] : [{ cause: `the client used the host in ${field}: set \`origin\`, or trust the proxy`, value: normal }];
  });
  const own = origin?.authority ?? found[0]?.value ?? '';
  const host = hostOf(own);
  return [
    seen(own),
    ...found,
    { cause: 'the client left the port out: tolerance `authorityWithoutPort`, or another port at the proxy', value: host },
    ...(port === '' ? [] : [{ cause: 'the client used the port in X-Forwarded-Port: set `origin`', value: `${host}:${port}` }]),
  ];
}

function firstLine(request: RequestView, name: string): string {
  return trimOptionalWhiteSpace(request.lines(name)[0] ?? '');
}

/** Targets: slashes, query marks, and what proxies that rewrite leave behind. */
export function targets(request: RequestView): Alternatives<string> {
  const { target } = request;
  const parts = splitTarget(target);
  if (parts === null) return [seen(target)];
  const { path, query } = parts;
  const prefix = firstLine(request, 'x-forwarded-prefix');
  const rewritten = ['x-original-uri', 'x-original-url', 'x-rewrite-url', 'x-forwarded-uri', 'x-envoy-original-path']
    .map((name) => ({ cause: `a proxy rewrote the path: ${name} has the client’s`, value: firstLine(request, name) }))
    .filter(({ value }) => value.startsWith('/'));
  return [
    seen(target),
    ...rewritten,
    ...(prefix.startsWith('/')
      ? [{ cause: 'a proxy cut X-Forwarded-Prefix off the path', value: prefix.replace(/\/$/, '') + target }]
      : []),
    { cause: 'the client’s path ends with a slash', value: `${path}/${query ?? ''}` },
    { cause: 'the client’s path ends without a slash', value: path.replace(/(.)\/$/, '$1') + (query ?? '') },
    { cause: 'the client’s URL ends with a bare question mark', value: `${path}?` },
    { cause: 'the client’s URL has no query', value: path },
    { cause: 'a proxy changed the case of percent-escapes', value: escapesCased(target, (hex) => hex.toUpperCase()) },
    { cause: 'a proxy changed the case of percent-escapes', value: escapesCased(target, (hex) => hex.toLowerCase()) },
    { cause: 'a proxy decoded plus signs or spaces', value: target.replaceAll('%20', '+') },
    { cause: 'a proxy decoded plus signs or spaces', value: target.replaceAll('+', '%20') },
  ];
}

function escapesCased(text: string, cased: (hex: string) => string): string {
  return text.replace(/%[0-9a-f]{2}/gi, cased);
}

/** Methods: the case, and what a proxy or an override turns into another. */
export function methods(request: RequestView): Alternatives<string> {
  const { method } = request;
  const override = firstLine(request, 'x-http-method-override');
  return [
    seen(method),
    { cause: 'the case of the method', value: method.toUpperCase() },
    { cause: 'the case of the method', value: method.toLowerCase() },
    ...(method === 'HEAD' ? [{ cause: 'the client sent GET', value: 'GET' }] : []),
    ...(method === 'GET' ? [{ cause: 'the client sent HEAD', value: 'HEAD' }] : []),
    ...(override === '' ? [] : [{ cause: 'X-HTTP-Method-Override', value: override }]),
  ];
}

/** Client forms: every deviation that is known, whether the policy tolerates it or not. */
export function clientForms(): Alternatives<Deviations> {
  const all = Object.fromEntries(TOLERANCE_NAMES.map((name) => [name, true]));
  // The cast holds: there is an entry for each name of the type.
  const forms = acceptedCombinations(all as unknown as Tolerances).slice(1);
  return [seen(STRICT), ...forms.map((value) => ({ cause: 'a deviation of the client that `tolerances` refuses', value }))];
}

/** Fields: each covered one in the spellings that proxies and client libraries leave behind. */
export function fieldChanges(request: RequestView, { components }: UnverifiedSignature): Alternatives<FieldChange | null> {
  const names = components.filter(({ name }) => !name.startsWith('@')).map(({ name }) => name);
  return [seen<FieldChange | null>(null), ...names.flatMap((name) => changesOf(name, request.lines(name)))];
}

function changesOf(name: string, lines: readonly string[]): Alternatives<FieldChange> {
  const value = lines.join(', ');
  const spelled = [
    { cause: 'the header was absent or empty when the client signed', value: [''] },
    { cause: 'the first of several lines was signed', value: lines.slice(0, 1) },
    { cause: 'the last of several lines was signed', value: lines.slice(-1) },
    { cause: 'a proxy joined lines with another comma', value: [lines.join(',')] },
    { cause: 'a proxy joined lines with another comma', value: [value.replaceAll(', ', ',')] },
    { cause: 'a proxy joined lines with another comma', value: [value.replace(/,\s*/g, ', ')] },
    { cause: 'the case of the header’s value', value: [value.toLowerCase()] },
    { cause: 'white space within the header’s value', value: [value.replace(/\s+/g, ' ')] },
    { cause: 'white space within the header’s value', value: [value.replace(/\s+/g, '')] },
    { cause: 'white space within the header’s value', value: [value.replace(/;(?=\S)/g, '; ')] },
    { cause: 'parameters were added to the header after signing', value: [value.split(';')[0] ?? ''] },
    { cause: 'parameters were taken from the header after signing', value: [`${value}; charset=utf-8`] },
  ];
  return spelled.map(({ cause, value }) => ({ cause, value: { name, lines: value } }));
}
