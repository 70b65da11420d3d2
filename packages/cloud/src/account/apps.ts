/** App registrations: which apps pass attestation. */
import { createHash, X509Certificate } from 'node:crypto';
import { CloudError } from '../cloud-error.ts';
import type { AccountState, AppState } from '../state/state.ts';
import type { Rejection } from './devices.ts';

/** What an app says of itself at an attestation. */
export interface AppIdentity {
  /** Such as `com.example.app`. */
  readonly package: string;
  /** base64 of the SHA-256 of its signing certificate. */
  readonly certificate?: string | null;
  readonly version?: string | null;
}

const PACKAGE = /^[A-Za-z0-9_.-]{1,150}$/;
const HASH = /^[A-Za-z0-9+/]{43}=$/;
const VERSION = /^[\x20-\x7e]{1,64}$/;
const MOST_APPS = 1000;

/** @throws CloudError `input-malformed` */
export function appIdentity(given: unknown): { package: string; certificate: string | null; version: string | null } {
  const {
    package: name,
    certificate = null,
    version = null,
  } = (typeof given === 'string' ? { package: given } : (given ?? {})) as {
    readonly [member: string]: unknown;
  };
  if (typeof name !== 'string' || !PACKAGE.test(name)) throw malformed('an app has a package name such as com.example.app');
  if (certificate !== null && !(typeof certificate === 'string' && HASH.test(certificate)))
    throw malformed('an app certificate is named by base64(SHA-256(certificate)), 44 characters');
  if (version !== null && !(typeof version === 'string' && VERSION.test(version)))
    throw malformed('an app version is a text of at most 64 characters, such as 1.2.3');
  return { package: name, certificate, version };
}

/** Registers an app; the same one again replaces the earlier registration. */
export function addApp(account: AccountState, identity: AppIdentity, expiresAt: number | null = null): AppState {
  const app = { ...appIdentity(identity), expiresAt };
  account.apps = account.apps.filter((other) => !sameApp(app, other));
  if (account.apps.length >= MOST_APPS) throw malformed(`the account has ${MOST_APPS} registrations already; remove some`);
  account.apps.push(app);
  return app;
}

/** Removes the registrations of a package and answers how many there were. */
export function removeApps(account: AccountState, name: string): number {
  const before = account.apps.length;
  account.apps = account.apps.filter((app) => app.package !== name);
  return before - account.apps.length;
}

/** Registers every app that a certificate signs. */
export function addCertificate(account: AccountState, certificate: string): void {
  const app = { package: ANY_PACKAGE, certificate, version: null, expiresAt: null };
  account.apps = [...account.apps.filter((other) => !sameApp(app, other)), app];
}

/** Stands for every package. */
const ANY_PACKAGE = '*';

function sameApp(app: AppState, other: AppState): boolean {
  return app.package === other.package && app.certificate === other.certificate && app.version === other.version;
}

/** Whether an app is registered at this moment, and if not, why it is rejected. */
export function rejectionOfApp(account: AccountState, app: ReturnType<typeof appIdentity>, now: number): Rejection | null {
  const fits = (wanted: string | null, given: string | null): boolean => wanted === null || wanted === given;
  const found = account.apps.filter(
    (row) =>
      (row.package === ANY_PACKAGE || row.package === app.package) &&
      fits(row.certificate, app.certificate) &&
      fits(row.version, app.version),
  );
  if (found.length === 0) return 'app-not-registered';
  return found.some(({ expiresAt }) => expiresAt === null || now < expiresAt) ? null : 'app-expired';
}

/** The hash that names a certificate (PEM or DER), or the content of an app file that is not one. */
export function certificateHash(content: Uint8Array): string {
  return createHash('sha256').update(derOf(content)).digest('base64');
}

function derOf(content: Uint8Array): Uint8Array {
  try {
    return new X509Certificate(content).raw;
  } catch {
    return content;
  }
}

function malformed(message: string): CloudError {
  return new CloudError('input-malformed', message);
}
