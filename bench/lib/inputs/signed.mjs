/** Signed requests as `node:http` hands them on. */
import { createPublicKey } from 'node:crypto';
import { freshInstallationKey, signRequest } from '@approov-guard/testkit';
import { freshToken } from './tokens.mjs';

/** @typedef {import('@approov-guard/testkit').SignedRequest} SignedRequest */
/** @typedef {{ signed: SignedRequest, key: import('node:crypto').KeyObject, base: Buffer, signature: Buffer, lines: readonly (readonly [string, Buffer])[] }} Prepared */

export const URL_TEXT = 'https://api.example.com/shapes?colour=blue&page=2';
const REQUEST = {
  method: 'GET',
  url: URL_TEXT,
  headers: /** @type {const} */ ([
    ['Accept', 'application/json'],
    ['Authorization', 'Bearer 0123456789abcdef0123456789abcdef'],
  ]),
};

/** A request as `node:http` hands it on, with header lines that are made from bytes just now. */
export class SignedRequestMessage {
  /** @param {Prepared} prepared */
  constructor(prepared) {
    this.prepared = prepared;
    this.method = 'GET';
    this.url = '/shapes?colour=blue&page=2';
    this.socket = { encrypted: true, remoteAddress: '203.0.113.7' };
    this.headers = prepared.lines.map(([name, value]) => /** @type {const} */ ([name, /** @type {any} */ (value).latin1Slice()]));
    this.rawHeaders = ['host', 'api.example.com', ...this.headers.flat()];
  }
}

/** @param {import('./tokens.mjs').Keys} keys @param {'install' | 'account'} label @param {Buffer} accountKey @param {number} now @returns {Prepared} */
export function prepare(keys, label, accountKey, now) {
  const installationKey = freshInstallationKey();
  const token = freshToken(keys, { claims: { ipk: installationKey.ipk } });
  const account = { base64: accountKey.toString('base64') };
  const signed = signRequest({ client: 'okhttp-3.8', sign: label, request: REQUEST, token, installationKey, accountKey: account, now });
  const base = Buffer.from(signed.bases[label] ?? '', 'latin1');
  const value = signed.headers.find(([name]) => name === 'Signature')?.[1] ?? '';
  const signature = Buffer.from(/:(.*):/.exec(value)?.[1] ?? '', 'base64');
  const key = createPublicKey({ key: Buffer.from(installationKey.ipk, 'base64'), format: 'der', type: 'spki' });
  const lines = signed.headers.map(([name, text]) => /** @type {const} */ ([name.toLowerCase(), Buffer.from(text, 'latin1')]));
  return { signed, key, base, signature, lines };
}
