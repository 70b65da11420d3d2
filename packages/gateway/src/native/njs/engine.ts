/**
 * The guard inside nginx. `npm run build` makes one file of this and of the library's own checks, for njs 0.7.9 and newer: nothing is judged here,
 * a request is shown to the checks and the decision is told to nginx in variables.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import {
  bytesOfFieldValue,
  checkBound,
  checkForm,
  checkHeader,
  checkKey,
  checkLife,
  checkOtherClaims,
  checkSection,
  checkSignature,
  type Decision,
  decideByRoutes,
  type EngineParts,
  equalInConstantTime,
  type Means,
  type RequestView,
  selectKeys,
  type VerificationKey,
} from 'approov-guard/engine';
import { type Identity, identityOf } from '../../proxy/identity.ts';
import type { NjsKey, NjsPolicy } from './njs-policy.ts';

/** What nginx shows of a request. */
interface NginxRequest {
  readonly method: string;
  readonly rawHeadersIn: readonly (readonly [name: string, value: string])[];
  readonly variables: { [name: string]: string };
  readonly rawVariables: { readonly [name: string]: Buffer | undefined };
  error(message: string): void;
}

/** The policy stands before this text, in the same file. */
declare const POLICY: NjsPolicy;
declare const process: { readonly env: { readonly [name: string]: string | undefined } };

/** Called once for each request. Answers `pass`, `refuse`, or `unavailable`, and leaves the rest in variables. */
function judge(request: NginxRequest): string {
  try {
    return told(request.variables, judged(request));
  } catch (error) {
    // No text of a request is in what is thrown here.
    request.error(`approov-guard: ${(error as Error).message}`);
    return 'unavailable';
  }
}

function judged(request: NginxRequest): Decision {
  const { request_id: text = '' } = request.variables;
  const id = POLICY.refusal.format === 'problem' ? text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') : text;
  const decision = decideByRoutes(viewOf(request), POLICY.at ?? Date.now(), id, parts());
  // Everything answers at once here.
  if ('then' in decision) throw new Error('the judgement did not end');
  return decision;
}

function viewOf({ method, variables, rawHeadersIn, rawVariables }: NginxRequest): RequestView {
  const host = variables.http_host;
  const linesOf = (name: string): readonly string[] => {
    const found: string[] = [];
    for (let at = 0; at < rawHeadersIn.length; at++) {
      // The cast holds: the index is below the length of a list without holes.
      const [field, value] = rawHeadersIn[at] as (typeof rawHeadersIn)[number];
      if (field.length === name.length && field.toLowerCase() === name) found.push(value);
    }
    return found;
  };
  const lines = (name: string): readonly string[] => {
    const found = linesOf(name);
    const [value = ''] = found;
    // njs decodes UTF-8, and what is none differently from version to version: the checks want a character for each byte.
    if (found.length !== 1) return found;
    // njs has texts of bytes, too: beside one of them, what is added is read as bytes.
    if (isAscii(value)) return [Buffer.from(value).toString()];
    return [oneByteText(rawVariables[`http_${name.replace(/-/g, '_')}`])];
  };
  return {
    method,
    scheme: variables.scheme ?? null,
    authority: host === undefined || host === '' ? null : host,
    target: variables.request_uri ?? '',
    lines,
    leadsOn: true,
  };
}

function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}

function oneByteText(bytes: Buffer | undefined): string {
  if (bytes === undefined) throw new Error('nginx does not show the bytes of a header');
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

const RUNS: { readonly [check: string]: EngineParts['policies'][number]['order'][number]['run'] } = {
  'request-headers': checkSection,
  'token-header': checkHeader,
  'token-form': checkForm,
  'token-key': checkKey,
  'token-signature': checkSignature,
  'token-times': checkLife,
  'token-claims': checkOtherClaims,
  binding: checkBound,
};

function parts(): EngineParts {
  const keys = POLICY.keys.map(keyOf);
  const candidates = (segment: string): ReturnType<typeof selectKeys> => {
    const known = POLICY.usualHeaders[segment];
    return known === undefined ? selectKeys(keys, segment) : known.flatMap((index) => keys[index] ?? []);
  };
  return {
    policies: POLICY.policies.map(({ policy, order }) => ({
      policy: { ...policy, rules: null, tokenReplay: null, signature: null, askModes: null },
      order: order.map(({ name, part }) => {
        const run = RUNS[name];
        if (run === undefined) throw new Error(`the check ${name} is not here`);
        return { name, part, run, codes: [], needs: [], asked: () => true };
      }),
    })),
    rows: POLICY.rows.map(({ paths, methods, leadsTo }) => {
      const named = methods === null ? null : { has: (method: string) => methods.includes(method) };
      // The cast holds: of a set of methods only `has` is called.
      return { match: { hosts: null, paths, methods: named as ReadonlySet<string> | null }, leadsTo };
    }),
    keys: { keys, partial: false, candidates, remember: () => undefined },
    means: MEANS,
    refusal: { ...POLICY.refusal, render: null },
  };
}

const MEANS: Means = {
  hash: (text) =>
    crypto
      .createHash('sha256')
      .update(isAscii(text) ? text : bytesOfFieldValue(text))
      .digest('base64'),
  decodeText: (segment) => {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(segment, 'base64url'));
    } catch {
      return null;
    }
  },
  // What follows is for message signatures: a policy that asks for them is not compiled.
  digestBody: absent,
  originOf: () => null,
  whyUnknown: () => null,
  openInstallationKey: absent,
  get habits() {
    return absent();
  },
  shares: null,
  bodies: { deadlineSeconds: 0, read: absent },
  known: null,
  broughtTo: absent,
};

function absent(): never {
  throw new Error('message signatures are not judged here');
}

function keyOf({ id, kid, algorithm, secret }: NjsKey): VerificationKey {
  return {
    id,
    kid,
    algorithm,
    prepared: {
      // Comparing the encoded texts refuses other spellings of the same bytes.
      verify: (signingInput, signature) =>
        equalInConstantTime(crypto.createHmac('sha256', secretOf(secret)).update(signingInput).digest('base64url'), String(signature)),
    },
  };
}

/** Read for each request: nginx keeps nothing between two of them. */
function secretOf({ encoding, env, file }: NjsKey['secret']): Buffer {
  const text = (env === undefined ? lastLine(fs.readFileSync(file ?? '', 'utf8')) : (process.env[env] ?? '')).trim().replace(/=+$/, '');
  const bytes = Buffer.from(text, encoding);
  if (text === '' || bytes.toString(encoding).replace(/=+$/, '') !== text)
    throw new Error(`the secret in ${env ?? file} is absent, or is not ${encoding}`);
  return bytes;
}

function lastLine(text: string): string {
  return text.trim().split('\n').pop() ?? '';
}

/** Tells nginx. What is not said is empty. */
function told(variables: NginxRequest['variables'], decision: Decision): string {
  const { verdict, mode, action } = decision;
  if (verdict !== null) variables.approov_code = verdict.code;
  if (verdict !== null && verdict.outcome !== 'accepted' && mode === 'observe') variables.approov_observed = verdict.code;
  if (action === 'pass') {
    const identity: Identity = identityOf(decision);
    for (const name in identity) {
      const text = identity[name as keyof Identity];
      if (text !== '') variables[`approov_${name}`] = text;
    }
    return 'pass';
  }
  variables.approov_id = decision.id;
  variables.approov_body = decision.refusal.body;
  return decision.verdict.outcome === 'rejected' ? 'refuse' : 'unavailable';
}

const engine: { readonly judge: typeof judge } = { judge };
export default engine;
