/** Explains a message signature: form, key, policy, coverage, components, proof. */
import { encodeBase64 } from '../../core/bytes/base64.ts';
import type { PreparedKey } from '../../core/jws/key-set.ts';
import { type RequestView, trimOptionalWhiteSpace } from '../../core/request-view.ts';
import { parseDictionary } from '../../core/sfv/parse.ts';
import { SignatureBases } from '../../core/signature/base.ts';
import type { SignedMessage } from '../../core/signature/components.ts';
import { checkCoverage } from '../../core/signature/coverage.ts';
import { resolveComponent } from '../../core/signature/covered-values.ts';
import { checkParameters } from '../../core/signature/parameters.ts';
import { readSignature, type UnverifiedSignature } from '../../core/signature/read-signature.ts';
import { STRICT } from '../../core/signature/sdk-tolerances.ts';
import { type ExplainedCheck, type ExplainedComponent, type Explanation, failed, passed, skipped } from './explanation.ts';
import { locateDifferences } from './locate.ts';
import type { MessageCase } from './message-case.ts';
import { type IsSecret, secretFields, shownValue } from './shorten.ts';

type MessageExplanation = Pick<Explanation, 'checks' | 'components' | 'base' | 'baseDigest' | 'differences'>;

/** Explains the signature that the policy asks for. */
export async function explainMessage(message: MessageCase): Promise<MessageExplanation> {
  const { request, policy } = message;
  const unverified = readSignature(request, policy);
  const key = keyCheck(message);
  if ('outcome' in unverified) {
    return { checks: [failed('form', unverified), key], components: [], base: null, baseDigest: null, differences: null };
  }
  const isSecret = secretFields(message.secrets);
  const checks = [
    passed('form', unverified.parametersText),
    key,
    ...policyChecks(unverified, message),
    ...coverageChecks(unverified, message),
  ];
  const components = componentsOf(unverified, message, isSecret);
  const found = await proofOf(unverified, message, isSecret);
  return {
    checks: [...checks, componentCheck(components), found.check],
    components,
    base: shownBase(components, unverified.parametersText),
    baseDigest: found.baseDigest,
    differences: found.differences,
  };
}

function keyCheck({ key, policy }: MessageCase): ExplainedCheck {
  if (key === null) return skipped('key', 'the token cannot be read');
  if (key === 'absent') return passed('key', 'the token carries no key, which is accepted');
  return 'outcome' in key ? failed('key', key) : passed('key', policy.label);
}

function policyChecks({ parameters }: UnverifiedSignature, { policy, at }: MessageCase): readonly ExplainedCheck[] {
  const wrong = parameters.alg !== null && parameters.alg !== policy.algorithm;
  const algorithm = wrong ? [failed('policy', { reason: 'signature-algorithm-not-allowed', detail: `expected ${policy.algorithm}` })] : [];
  const stale = checkParameters(parameters, policy, at);
  const age = Math.round(at - parameters.created);
  const detail = age < 0 ? `signed ${-age} s in the future` : `signed ${age} s ago`;
  if (stale !== null) return [...algorithm, failed('policy', { reason: stale.reason, detail: stale.detail ?? detail })];
  return algorithm.length > 0 ? algorithm : [passed('policy', detail)];
}

function coverageChecks({ components }: UnverifiedSignature, { policy, request }: MessageCase): readonly ExplainedCheck[] {
  const hasBody = request.body?.present === true;
  const each = policy.required.map((name) => checkCoverage(components, { required: [name], digest: 'if-present' }, hasBody));
  const missing = [...each, checkCoverage(components, { required: [], digest: policy.digest }, hasBody)].filter((found) => found !== null);
  return missing.length === 0 ? [passed('coverage')] : missing.map((found) => failed('coverage', found));
}

function componentsOf(unverified: UnverifiedSignature, message: SignedMessage, isSecret: IsSecret): readonly ExplainedComponent[] {
  return unverified.components.map((component) => {
    const value = resolveComponent(component, message, STRICT);
    return { identifier: component.identifier, value: value === null ? null : shownValue(component.name, value, isSecret) };
  });
}

function componentCheck(components: readonly ExplainedComponent[]): ExplainedCheck {
  const missing = components.find(({ value }) => value === null);
  if (missing === undefined) return passed('components');
  return failed('components', { reason: 'signature-component-unresolvable', detail: missing.identifier });
}

function shownBase(components: readonly ExplainedComponent[], parametersText: string): string {
  const lines = components.map(({ identifier, value }) => `${identifier}: ${value ?? '(no value)'}\n`);
  return `${lines.join('')}"@signature-params": ${parametersText}`;
}

interface Proof extends Pick<MessageExplanation, 'baseDigest' | 'differences'> {
  readonly check: ExplainedCheck;
}

/** Whether the signature holds for a base that the policy accepts; if not, what the client signed instead. */
async function proofOf(unverified: UnverifiedSignature, message: MessageCase, isSecret: IsSecret): Promise<Proof> {
  const { policy, crypto, key } = message;
  const { components, parametersText } = unverified;
  const prepared = key !== null && key !== 'absent' && !('outcome' in key) ? key : null;
  const stated = statedDigest(message.request, policy.label);
  const text = encodeBase64(unverified.signature, 'base64url');
  const holds = async (base: string): Promise<boolean> => prepared !== null && (await prepared.verify(base, text));
  const agrees = async (base: string): Promise<boolean> =>
    (stated !== null && (await crypto.sha256Base64(base)) === stated) || (await holds(base));
  const bases = new SignatureBases(components, parametersText, message).distinct(policy.combinations);
  const [proven, agreed] = [await first(bases, holds), await first(bases, agrees)];
  const baseDigest =
    stated === null
      ? null
      : (await first(bases, async (base) => (await crypto.sha256Base64(base)) === stated)) === null
        ? 'differs'
        : 'agrees';
  const differences = agreed === null ? await locateDifferences({ unverified, message, agrees, isSecret }) : null;
  return { check: proofCheck({ prepared, proven, base: bases[0], baseDigest }), baseDigest, differences };
}

async function first(bases: readonly string[], test: (base: string) => Promise<boolean>): Promise<string | null> {
  for (const base of bases) if (await test(base)) return base;
  return null;
}

interface ProofFacts {
  readonly prepared: PreparedKey | null;
  readonly proven: string | null;
  readonly base: string | undefined;
  readonly baseDigest: Proof['baseDigest'];
}

function proofCheck({ prepared, proven, base, baseDigest }: ProofFacts): ExplainedCheck {
  if (prepared === null) return skipped('proof', 'there is no key');
  if (base === undefined) return skipped('proof', 'the signature base cannot be built');
  if (proven !== null) return passed('proof', proven === base ? null : 'by a tolerated deviation of the client');
  const detail = baseDigest === 'agrees' ? 'the base is the client’s: the key is another, or the signature was changed' : null;
  return failed('proof', { reason: 'signature-invalid', detail });
}

/** The client's debug header: one digest under `sha-256`, or one for each label (RFC 9530's form). */
function statedDigest(request: RequestView, label: string): string | null {
  const lines = request.lines('signature-base-digest');
  const dictionary = lines.length === 0 ? null : parseDictionary(lines.map(trimOptionalWhiteSpace).join(', '));
  const member = dictionary?.get(label) ?? dictionary?.get('sha-256');
  return member !== undefined && 'value' in member && member.value.type === 'bytes' ? encodeBase64(member.value.value, 'base64') : null;
}
