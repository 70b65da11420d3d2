/** `secret` and `keyset`: what signs tokens and messages. */
import { randomInt } from 'node:crypto';
import { freshAccountKey, freshSecret } from '@approov-guard/testkit';
import { requireKey } from '../account/domains.ts';
import { addKey, publicPem, removeKey } from '../account/keys.ts';
import { CloudError } from '../cloud-error.ts';
import type { AccountState } from '../state/state.ts';
import { flag, onOff, type Verb, type VerbAnswer, type VerbContext, valued } from './verb.ts';

/** `approov secret`. */
export const secret: Verb = {
  name: 'secret',
  summary: 'the account secret and the message-signing key',
  admin: true,
  words: 0,
  options: {
    get: valued('base64|base64url', 'print the account secret'),
    plain: flag('print nothing beside it'),
    setKeyID: valued('KID', 'name this key id in tokens; an empty text takes it away'),
    change: flag('make a new secret: tokens of the old one no longer verify'),
    forcePrintable: flag('with -change: a secret of printable characters'),
    messageSigningKey: valued('change|get-base64url', 'make or print the account’s message-signing key'),
  },
  run: (context) => {
    if (context.has('get')) return shownSecret(context.state(), context.text('get') ?? '', context.has('plain'));
    if (context.has('messageSigningKey')) return messageKey(context, (context.text('messageSigningKey') ?? '').toLowerCase());
    if (context.has('change')) return changed(context, context.has('forcePrintable'));
    const keyId = context.text('setKeyID');
    if (keyId === undefined)
      return { out: ['give -get base64, -get base64url, -change, -setKeyID KID or -messageSigningKey change|get-base64url'], code: 1 };
    if (keyId.length > 64 || !/^[\x21-\x7e]*$/.test(keyId))
      throw new CloudError('key-malformed', 'a key id has at most 64 printable ASCII characters');
    context.change((state) => {
      state.secret.keyId = keyId === '' ? null : keyId;
    });
    return { out: [keyId === '' ? 'tokens name no key id' : `tokens name the key id ${keyId}`] };
  },
};

function shownSecret({ secret: { base64 } }: AccountState, form: string, isPlain: boolean): Partial<VerbAnswer> {
  // The vendor's own pages write base64url in several ways.
  const wanted = form.toLowerCase();
  if (wanted !== 'base64' && wanted !== 'base64url') throw new CloudError('input-malformed', '-get takes base64 or base64url');
  const text = wanted === 'base64' ? base64 : Buffer.from(base64, 'base64').toString('base64url');
  return {
    out: isPlain ? [text] : [`note: the account secret in ${wanted}; it belongs to a local stand-in, and to no production server`, text],
  };
}

function changed(context: VerbContext, isPrintable: boolean): Partial<VerbAnswer> {
  const base64 = isPrintable ? printableSecret() : freshSecret().base64;
  context.change((state) => {
    state.secret.base64 = base64;
  });
  return { out: ['changed the account secret; give it to your servers: approov secret -get base64'] };
}

/** 64 of the 94 printable characters. Base64 characters alone would look like a secret that was encoded twice. */
function printableSecret(): string {
  return Buffer.from(Array.from({ length: 64 }, () => 0x21 + randomInt(94))).toString('base64');
}

function messageKey(context: VerbContext, what: string): Partial<VerbAnswer> {
  if (what === 'change') {
    const { id, base64url } = freshAccountKey();
    context.change((state) => {
      state.messageKey = { id, base64url };
    });
    return { out: [`made a message-signing key with the id ${id}`] };
  }
  const key = context.state().messageKey;
  if (what !== 'get-base64url') throw new CloudError('input-malformed', '-messageSigningKey takes change or get-base64url');
  if (key === null) throw new CloudError('key-unknown', 'there is no message-signing key yet: approov secret -messageSigningKey change');
  return { out: [`note: message-signing key, id ${key.id}, base64url`, key.base64url] };
}

/** `approov keyset`. */
export const keyset: Verb = {
  name: 'keyset',
  summary: 'the key set: asymmetric keys for domains',
  admin: true,
  words: 0,
  options: {
    add: valued('ALGORITHM', 'make a key: RS256 to RS512, PS256 to PS512, ES256 to ES512, EdDSA'),
    kid: valued('KID', 'the key’s id; default: the next number'),
    keyLength: valued('BITS', 'RSA only: 2048 (default), 3072 or 4096'),
    getPEM: valued('FILE', 'write the public key of -kid as PEM', 'out'),
    remove: valued('KID', 'remove a key that no domain uses'),
    list: flag('list the keys'),
    setJWKSURI: onOff('publish the public keys at an address'),
    getJWKSURI: flag('print that address; it is the third word'),
  },
  run: (context) => {
    const { text, has, cloud, account, url } = context;
    if (has('add')) {
      const length = text('keyLength');
      const kid = text('kid');
      const settings = { ...(kid === undefined ? {} : { kid }), ...(length === undefined ? {} : { length: Number(length) }) };
      const made = context.change((state) => addKey(state, text('add') ?? '', cloud.now(), settings));
      return { out: [`added key ${made}`], notes: [`give it to a domain: approov api -keySetKID ${made} -add DOMAIN`] };
    }
    if (has('getPEM')) {
      const kid = text('kid') ?? '';
      return {
        files: [{ path: text('getPEM') ?? '', text: publicPem(requireKey(context.state(), kid)) }],
        out: [`wrote the public key ${kid}`],
      };
    }
    if (has('remove')) {
      context.change((state) => removeKey(state, text('remove') ?? ''));
      return { out: ['removed the key'] };
    }
    if (has('getJWKSURI'))
      return jwksUri(context.state(), `${url}/.well-known/jwks.json${account === cloud.defaultAccount ? '' : `?account=${account}`}`);
    const published = context.onOff('setJWKSURI');
    if (published === undefined)
      return { out: Object.entries(context.state().keys).map(([kid, { algorithm }]) => ` ${kid.padEnd(25)} alg:${algorithm}`) };
    context.change((state) => {
      state.jwksUri = published;
    });
    return { out: [`the JWKS URI is ${published ? 'on' : 'off'}`] };
  },
};

function jwksUri({ jwksUri: isOn }: AccountState, address: string): Partial<VerbAnswer> {
  if (isOn) return { out: [`JWKS URI: ${address}`], notes: ['of one domain: /domains/DOMAIN/.well-known/jwks.json at the same address'] };
  throw new CloudError('key-unknown', 'the JWKS URI is off: approov keyset -setJWKSURI on');
}
