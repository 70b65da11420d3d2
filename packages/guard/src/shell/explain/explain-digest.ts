/** Explains the content digest. */
import { checkContentDigest, readContentDigest } from '../../core/digest/content-digest.ts';
import type { SignaturePolicy } from '../../core/judge-message.ts';
import type { CryptoPort } from '../../core/ports.ts';
import type { RequestView } from '../../core/request-view.ts';
import { type ExplainedCheck, failed, passed, skipped } from './explanation.ts';

/** Compares the captured body with what the request says of it. */
export async function explainDigest(request: RequestView, policy: SignaturePolicy, crypto: CryptoPort): Promise<readonly ExplainedCheck[]> {
  const stated = readContentDigest(request, policy.stringDigest);
  if (stated === null) {
    const demanded = policy.digest === 'required' && request.body?.present === true;
    return [demanded ? failed('digest', { reason: 'digest-missing' }) : skipped('digest', 'no Content-Digest was sent')];
  }
  if ('outcome' in stated) return [failed('digest', stated)];
  const body = (await request.body?.read(policy.maxBodyBytes)) ?? { outcome: 'read', chunks: [] as Uint8Array[] };
  if (body.outcome === 'too-large') return [failed('digest', { reason: 'digest-body-too-large' })];
  if (body.outcome !== 'read') return [skipped('digest', 'the body is gone')];
  const found = await checkContentDigest(stated, (algorithm) => crypto.digest(algorithm, body.chunks));
  return [found === 'verified' ? passed('digest', stated.map(({ algorithm }) => algorithm).join(', ')) : failed('digest', found)];
}
