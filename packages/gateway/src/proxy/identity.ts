/** What the upstream is told of the verdict: the full set of headers, empty where something is unknown. */
import type { Attestation, Decision } from 'approov-guard';
import { printable } from '../printable.ts';

/** The names behind the prefix, in the order in which they are written. */
export const IDENTITY_NAMES = ['verdict', 'reason', 'mode', 'device', 'expires', 'key', 'binding', 'signature', 'digest', 'id'] as const;

/** What each header says. */
export type Identity = { readonly [Name in (typeof IDENTITY_NAMES)[number]]: string };

/**
 * The identity of a decision. `verdict` is `accepted`, `rejected` or `unavailable` (the latter two pass in mode `observe` only), or `exempt`
 * where nobody judged. Everything but `reason` is proven, or empty.
 */
export function identityOf(decision: Decision): Identity {
  const { verdict, mode, id, claims } = decision;
  const attestation = verdict?.outcome === 'accepted' ? verdict.attestation : null;
  return {
    verdict: verdict?.outcome ?? 'exempt',
    reason: verdict?.outcome === 'rejected' ? verdict.reason : verdict?.outcome === 'unavailable' ? verdict.fault : '',
    mode,
    device: headerText(claims?.did),
    expires: claims === null ? '' : String(claims.exp),
    key: headerText(attestation?.keyId),
    binding: attestation?.binding ?? '',
    signature: attestation?.signature ?? '',
    digest: attestation === null ? '' : digestOf(attestation),
    id,
  };
}

/** A signature that held over a digest which nobody compared with the body has a word of its own: the server behind has to. */
function digestOf({ signature, digest }: Attestation): string {
  return signature === 'verified' && digest === 'unchecked' ? 'delegated' : digest;
}

/** The identity headers of a policy, in order: their names, and what each says. */
export type IdentityHeaders = readonly { readonly header: string; readonly name: keyof Identity }[];

/** The names are made once: a text that is made for each request is looked up for each, too. */
export function identityHeaders(prefix: string): IdentityHeaders {
  return IDENTITY_NAMES.map((name) => ({ header: prefix + name, name }));
}

/** Adds the identity headers to a list of names and values. */
export function writeIdentity(fields: string[], headers: IdentityHeaders, decision: Decision): void {
  const identity = identityOf(decision);
  for (const { header, name } of headers) fields.push(header, identity[name]);
}

/** What a header says of a text that may hold what no header can: a claim is the issuer's. */
export function headerText(text: string | undefined): string {
  if (text === undefined) return '';
  return (UNPRINTABLE.test(text) ? printable(text, /[^\x20-\x7e]+/g) : text).trim();
}

const UNPRINTABLE = /[^\x20-\x7e]/;
