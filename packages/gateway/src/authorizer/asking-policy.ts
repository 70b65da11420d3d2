/** What the configuration of a proxy that asks depends on. */
import type { GuardOptions } from 'approov-guard';
import { OTHER_PATH } from '../proxy/fields.ts';

/** A policy as such a configuration needs it. */
export interface AskingPolicy {
  /** Where the authoriser is: host and port. */
  readonly asks: string;
  /** Whether it is asked over TLS. */
  readonly asksOverTls: boolean;
  /** Where the proxy listens. */
  readonly listen: string;
  /** The server behind: host and port. */
  readonly to: string;
  /** How the identity headers begin, lower case. */
  readonly prefix: string;
  readonly stripToken: boolean;
  /** The header that carries exemptions, lower case. */
  readonly exemptionHeader: string;
  /** The headers that go no further than the proxy, lower case. */
  readonly stripped: readonly string[];
  /** The headers that carry tokens, lower case. */
  readonly tokenHeaders: readonly string[];
  /** Every header that is looked at, lower case. */
  readonly asked: readonly string[];
  /** Every header that means something behind, and so must not come in by a name that is only read like it. */
  readonly guarded: readonly string[];
  /** Whether bodies are sent along. */
  readonly forwardsBodies: boolean;
  /** The longest body that is sent along, bytes. */
  readonly maxBodyBytes: number;
  /** The status of a refusal for want of a genuine app. */
  readonly refusalStatus: number;
  /** Whether refusals are problem+json. */
  readonly problem: boolean;
}

/** The headers of message signatures that mean something to every policy that asks for them. */
const SIGNED = ['signature', 'signature-input', 'content-digest', 'signature-base-digest'];
const ALWAYS = ['authorization', 'content-type', 'content-length', 'approov-traceid', 'origin', 'access-control-request-method'];
/** Nobody may lead the server behind to another path than the one that was judged. */
export const NEVER_SAID: readonly string[] = [...OTHER_PATH, 'x-forwarded-prefix'];
const ONE_MEBIBYTE = 1_048_576;

/** Where things are, and what is settled elsewhere. */
export type Places = Pick<
  AskingPolicy,
  'asks' | 'asksOverTls' | 'listen' | 'to' | 'prefix' | 'stripToken' | 'exemptionHeader' | 'forwardsBodies'
>;

/** What a policy's options mean for the proxy. */
export function askingPolicy(options: GuardOptions, places: Places): AskingPolicy {
  const demands = [options, ...(options.routes ?? []).filter((route) => !('exempt' in route))] as readonly GuardOptions[];
  const unique = (names: readonly string[]): readonly string[] => [...new Set(names.map((name) => name.toLowerCase()))];
  const tokenHeaders = unique([options.token?.header ?? 'approov-token', ...demands.flatMap(({ token }) => token?.header ?? [])]);
  const statuses = demands.flatMap(({ token }) => token?.statusHeader ?? []);
  const bound = unique(demands.flatMap(({ binding }) => binding?.headers ?? []));
  const signatures = demands.flatMap(({ signature }) => signature ?? []);
  const covered = signatures.flatMap(({ required = [] }) => required).filter((name) => /^[a-z0-9-]+$/i.test(name));
  const signed = signatures.length === 0 ? [] : [...SIGNED, ...covered];
  return {
    ...places,
    tokenHeaders,
    stripped: unique([...(places.stripToken ? tokenHeaders : []), places.exemptionHeader, ...NEVER_SAID]),
    asked: unique([...tokenHeaders, places.exemptionHeader, 'approov-status', ...statuses, ...bound, ...signed, ...ALWAYS]),
    guarded: unique([...tokenHeaders, places.exemptionHeader, ...bound, ...signed, ...NEVER_SAID]),
    maxBodyBytes: Math.max(ONE_MEBIBYTE, ...signatures.flatMap(({ maxBodyBytes }) => maxBodyBytes ?? [])),
    refusalStatus: options.refusal?.status ?? 401,
    problem: options.refusal?.format === 'problem',
  };
}

/** A name as most people write it: `X-Attestation-Verdict`. */
export function titled(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** More dashes than this are in no name that anybody uses; each doubles the number of look-alikes. */
const MOST_DASHES = 6;

/** The names that CGI and WSGI read as this one: every other way to write `-` and `_`. */
export function lookAlikes(name: string): readonly string[] {
  const parts = name.split('-');
  const dashes = Math.min(parts.length - 1, MOST_DASHES);
  return Array.from({ length: 2 ** dashes - 1 }, (_, index) =>
    parts.reduce((text, part, at) => `${text}${at <= dashes && ((index + 1) >> (at - 1)) & 1 ? '_' : '-'}${part}`),
  );
}
