/** The issuing cloud as a device sees it: in this process, or over HTTP. */
import type { AttestRequest } from '../account/attest.ts';
import { Cloud } from '../cloud.ts';
import { CloudError } from '../cloud-error.ts';

/** The words of the SDK for what came of a fetch. */
export type FetchStatus =
  | 'SUCCESS'
  | 'NO_NETWORK'
  | 'POOR_NETWORK'
  | 'MITM_DETECTED'
  | 'NO_APPROOV_SERVICE'
  | 'UNKNOWN_URL'
  | 'UNPROTECTED_URL'
  | 'INTERNAL_ERROR';

/** What came of a fetch. */
export interface Fetched {
  readonly status: FetchStatus;
  readonly token: string | null;
  /** Seconds since the epoch, by the issuer's clock; 0 without a token. */
  readonly expiresAt: number;
}

/** What a device asks. */
export interface Issuer {
  readonly attest: (request: AttestRequest) => Promise<Fetched>;
  /** The pins of a domain, or of `*`. */
  readonly pins: () => Promise<{ readonly [domain: string]: readonly string[] }>;
}

const failed = (status: FetchStatus): Fetched => ({ status, token: null, expiresAt: 0 });

/** Makes the issuer of a cloud object or of a cloud's address. */
export function issuerOf(cloud: Cloud | string): Issuer {
  return cloud instanceof Cloud ? inProcess(cloud) : overHttp(cloud.replace(/\/$/, ''));
}

function inProcess(cloud: Cloud): Issuer {
  return {
    attest: async (request) => {
      try {
        const { token, expiresAt } = cloud.attest(request);
        return { status: 'SUCCESS', token, expiresAt };
      } catch (error) {
        if (error instanceof CloudError) return failed(statusOf(error.code));
        throw error;
      }
    },
    pins: async () => cloud.pins(),
  };
}

function statusOf(code: unknown): FetchStatus {
  if (code === 'domain-unknown') return 'UNKNOWN_URL';
  return code === 'attestation-outage' ? 'NO_APPROOV_SERVICE' : 'INTERNAL_ERROR';
}

/** A device waits so long for the issuing cloud. */
const TIMEOUT_MS = 10_000;

function overHttp(url: string): Issuer {
  const asked = async (path: string, init: RequestInit = {}): Promise<{ readonly [member: string]: unknown }> => {
    const response = await fetch(`${url}${path}`, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return (await response.json()) as { readonly [member: string]: unknown };
  };
  return {
    attest: async (request) => {
      try {
        const headers = { 'Content-Type': 'application/json' };
        const { token, expiresAt, error } = await asked('/attest', { method: 'POST', headers, body: JSON.stringify(request) });
        if (typeof token === 'string') return { status: 'SUCCESS', token, expiresAt: Number(expiresAt) };
        return failed(statusOf((error as { readonly code?: unknown } | undefined)?.code));
      } catch (error) {
        return failed(error instanceof Error && error.name === 'TimeoutError' ? 'POOR_NETWORK' : 'NO_NETWORK');
      }
    },
    // The cast holds for a cloud of ours; a wrong answer pins nothing that could be met.
    pins: async () => ((await asked('/pins'))['public-key-sha256'] ?? {}) as { readonly [domain: string]: readonly string[] },
  };
}
