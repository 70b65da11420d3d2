/** Explains a message signature: what it covers, the base, and what the client signed differently. */
import { crypto } from '#crypto';
import { encodeBase64, trimOptionalWhiteSpace } from '../core/bytes.ts';
import type { RequestView } from '../core/request-view.ts';
import { parseDictionary } from '../core/sfv/parse.ts';
import { resolveComponent, SignatureBases } from '../core/signature/base.ts';
import type { SignedMessage, UnverifiedSignature } from '../core/signature/parse-signature.ts';
import { STRICT } from '../core/signature/sdk-tolerances.ts';
import type { Explained } from '../guard/explaining.ts';
import { type ExplainedComponent, type ExplainedSignature, type IsSecret, secretFields, shownValue } from './explanation.ts';
import { locateDifferences } from './locate.ts';

const NOTHING: ExplainedSignature = { components: [], base: null, baseDigest: null, deviates: false, differences: null };

/** Explains the signature that the policy asked for, if the request has one that can be read. */
export async function explainSignature(
  request: RequestView,
  { policy, signature, signingKey, origin }: Explained['facts'],
): Promise<ExplainedSignature> {
  if (policy.signature === null || signature === null) return NOTHING;
  const message = { request, origin };
  const isSecret = secretFields([policy.token.header, ...(policy.binding?.headers ?? [])]);
  const components = componentsOf(signature, message, isSecret);
  const stated = statedDigest(request, policy.signature.label);
  const isStated = async (base: string): Promise<boolean> => stated !== null && (await crypto.sha256Base64(base)) === stated;
  const holds = async (base: string): Promise<boolean> => signingKey !== null && (await signingKey.verify(base, signature.signature));
  const agrees = async (base: string): Promise<boolean> => (await isStated(base)) || (await holds(base));
  const guesses = new SignatureBases(signature.components, signature.parametersText, message).distinct(policy.signature.combinations);
  const bases = Array.from(guesses, ({ base }) => base);
  return {
    components,
    base: shownBase(components, signature.parametersText),
    baseDigest: stated === null ? null : (await anyOf(bases, isStated)) ? 'agrees' : 'differs',
    deviates: !(await anyOf(bases.slice(0, 1), holds)) && (await anyOf(bases, holds)),
    differences: (await anyOf(bases, agrees)) ? null : await locateDifferences({ unverified: signature, message, agrees, isSecret }),
  };
}

function componentsOf(unverified: UnverifiedSignature, message: SignedMessage, isSecret: IsSecret): readonly ExplainedComponent[] {
  return unverified.components.map((component) => {
    const value = resolveComponent(component, message, STRICT);
    return { identifier: component.identifier, value: value === null ? null : shownValue(component.name, value, isSecret) };
  });
}

function shownBase(components: readonly ExplainedComponent[], parametersText: string): string {
  const lines = components.map(({ identifier, value }) => `${identifier}: ${value ?? '(no value)'}\n`);
  return `${lines.join('')}"@signature-params": ${parametersText}`;
}

async function anyOf(bases: readonly string[], test: (base: string) => Promise<boolean>): Promise<boolean> {
  for (const base of bases) if (await test(base)) return true;
  return false;
}

/** The client's debug header: one digest under `sha-256`, or one for each label (RFC 9530's form). */
function statedDigest(request: RequestView, label: string): string | null {
  const lines = request.lines('signature-base-digest');
  const dictionary = lines.length === 0 ? null : parseDictionary(lines.map(trimOptionalWhiteSpace).join(', '));
  const member = dictionary?.get(label) ?? dictionary?.get('sha-256');
  return member !== undefined && 'value' in member && member.value.type === 'bytes' ? encodeBase64(member.value.value, 'base64') : null;
}
