/** Dynamic pins: base64(SHA-256(SubjectPublicKeyInfo)) of certificates in a chain. */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate, rootCertificates } from 'node:tls';
import { CloudError } from '../cloud-error.ts';
import type { AccountState } from '../state/state.ts';
import { requireDomain } from './domains.ts';

/** The pin of a public key. */
export function pinOfKey(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

const BLOCK = /-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[^-]+-----END \1-----/g;
const MOST_BLOCKS = 20;

/**
 * The pins of what a PEM text holds: certificates, leaf first as in the file, or public keys.
 * @throws CloudError `pin-malformed`
 */
export function pinsOfPem(pem: string): readonly string[] {
  const blocks = [...pem.matchAll(BLOCK)].slice(0, MOST_BLOCKS);
  if (blocks.length === 0) throw new CloudError('pin-malformed', 'the PEM text holds no CERTIFICATE and no PUBLIC KEY');
  try {
    return blocks.map(([block, kind]) => pinOfKey(kind === 'CERTIFICATE' ? new X509Certificate(block).publicKey : createPublicKey(block)));
  } catch (cause) {
    throw new CloudError('pin-malformed', 'a block of the PEM text is not a certificate or public key', { cause });
  }
}

/**
 * The pins of the chain that a TLS server shows, leaf first. It does not judge the chain: pinning is the judgement.
 * @param timeoutMs - default 10 seconds
 * @throws CloudError `pin-malformed` where nobody answers with a certificate
 */
export function pinsOfHost(host: string, port = 443, timeoutMs = 10_000): Promise<readonly string[]> {
  return new Promise((done, fail) => {
    const name = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket = connect({ host, port, rejectUnauthorized: false, ...name });
    const failed = (): void => {
      socket.destroy();
      fail(new CloudError('pin-malformed', `${host}:${port} showed no certificate: check name and port, or pin a PEM file`));
    };
    socket.setTimeout(timeoutMs, failed);
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      const pins = pinsOfChain(socket.getPeerCertificate(true));
      socket.destroy();
      if (pins.length === 0) failed();
      else done(pins);
    });
  });
}

/** The pins of a chain as node:tls shows it. */
export function pinsOfChain(leaf: DetailedPeerCertificate): readonly string[] {
  const pins: string[] = [];
  for (let certificate = leaf; certificate?.raw !== undefined && pins.length < MOST_BLOCKS; certificate = certificate.issuerCertificate) {
    pins.push(pinOfKey(new X509Certificate(certificate.raw).publicKey));
    // A root is its own issuer.
    if (certificate.issuerCertificate === certificate) break;
  }
  return pins;
}

const PIN = /^[A-Za-z0-9+/]{43}=$/;
const MOST_PINS = 100;

/** Adds pins to a domain. @throws CloudError `pin-malformed`, `domain-unknown` */
export function addPins(account: AccountState, domain: string, pins: readonly string[]): readonly string[] {
  const state = requireDomain(account, domain);
  if (!pins.every((pin) => PIN.test(pin)))
    throw new CloudError('pin-malformed', 'a pin is base64(SHA-256(SubjectPublicKeyInfo)): 43 characters and =');
  const all = [...new Set([...state.pins, ...pins])];
  if (all.length > MOST_PINS) throw new CloudError('pin-malformed', `a domain has at most ${MOST_PINS} pins; remove old ones`);
  state.pins = all;
  return all;
}

/** Removes a pin, or all. */
export function removePins(account: AccountState, domain: string, pin: string | null): readonly string[] {
  const state = requireDomain(account, domain);
  state.pins = pin === null ? [] : state.pins.filter((other) => other !== pin);
  return state.pins;
}

/** The pins as the SDK hands them to an app: by domain, and under `*` the managed trust roots, which count for a domain without pins. */
export function pinsOfAccount(account: AccountState): { readonly [domain: string]: readonly string[] } {
  const own = Object.fromEntries(Object.entries(account.domains).map(([domain, { pins }]) => [domain, [...pins]]));
  return account.managedTrustRoots ? { ...own, '*': trustRoots() } : own;
}

let roots: readonly string[] | null = null;

/** The pins of the roots that Node trusts, reckoned once. */
function trustRoots(): readonly string[] {
  roots ??= rootCertificates.map((pem) => pinOfKey(new X509Certificate(pem).publicKey));
  return roots;
}
