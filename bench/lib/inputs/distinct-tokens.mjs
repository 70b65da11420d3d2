/** Distinct tokens, minted as cheaply as can be: for what needs a million of them. */
import { createHmac, createSecretKey } from 'node:crypto';

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/**
 * Makes distinct HS256 tokens with a life of five minutes.
 * @param {Buffer} secret
 * @returns {(index: number, nowMilliseconds: number, claims?: string) => string} `claims`: further members as JSON, a comma first
 */
export function distinctTokens(secret) {
  const key = createSecretKey(secret);
  return (index, nowMilliseconds, claims = '') => {
    const expiry = Math.floor(nowMilliseconds / 1000) + 300;
    const did = Buffer.from(String(index).padStart(16, '0')).toString('base64');
    const content = `{"exp":${expiry},"ip":"203.0.113.7","did":"${did}","iss":"bench.example","arc":"0123456789abcdef0123","n":"${index}"${claims}}`;
    const input = `${HEADER}.${Buffer.from(content).toString('base64url')}`;
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  };
}
