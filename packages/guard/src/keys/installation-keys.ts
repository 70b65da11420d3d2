/** Opened installation keys: opening one costs more than parsing a signature, and a device sends the same one with each request. */

import type { PreparedKey } from '../core/jws/jws.ts';
import type { CryptoPort } from '../core/ports.ts';
import { chain } from '../core/result.ts';
import { INSTALLATION_ALGORITHM, type OpenInstallationKey, readInstallationKey } from '../core/signature/signing-key.ts';
import { RecentTable } from '../core/token/verified.ts';
import { rejected } from '../core/verdict.ts';

/**
 * Opens keys and remembers those that were used lately. Only keys from verified tokens come here, so that no flood can fill it.
 * @param maxKeys - how many are remembered, 1 and more
 */
export function rememberedInstallationKeys(crypto: CryptoPort, maxKeys: number): OpenInstallationKey {
  const opened = new RecentTable<string, PreparedKey>(maxKeys);
  return (ipk) => {
    const known = opened.get(ipk);
    if (known !== undefined) return known;
    const der = readInstallationKey(ipk);
    if ('outcome' in der) return der;
    return chain(crypto.openPublicKey(INSTALLATION_ALGORITHM, { form: 'spki', der }), (key) => {
      if (key === null) return rejected('signature-key-invalid', 'ipk is no point of P-256');
      opened.set(ipk, key);
      return key;
    });
  };
}
