/** Opened installation keys: opening one costs more than parsing a signature, and a device sends the same one with each request. */
import type { PreparedKey } from '../core/jws/key-set.ts';
import type { CryptoPort } from '../core/ports.ts';
import { chain } from '../core/result.ts';
import { INSTALLATION_ALGORITHM, type OpenInstallationKey, readInstallationKey } from '../core/signature/signing-key.ts';
import { rejected } from '../core/verdict.ts';

const PER_GENERATION = 5000;

/** Opens keys and remembers the last 5000 to 10000. Only keys from verified tokens come here, so that no flood can fill it. */
export function rememberedInstallationKeys(crypto: CryptoPort): OpenInstallationKey {
  let young = new Map<string, PreparedKey>();
  let old = new Map<string, PreparedKey>();
  const put = (name: string, key: PreparedKey): PreparedKey => {
    if (young.size >= PER_GENERATION) {
      old = young;
      young = new Map();
    }
    young.set(name, key);
    return key;
  };
  return (ipk) => {
    const known = young.get(ipk);
    if (known !== undefined) return known;
    const aged = old.get(ipk);
    if (aged !== undefined) return put(ipk, aged);
    const der = readInstallationKey(ipk);
    if ('outcome' in der) return der;
    const opened = crypto.openPublicKey(INSTALLATION_ALGORITHM, { form: 'spki', der });
    return chain(opened, (key) => (key === null ? rejected('signature-key-invalid', 'ipk is no point of P-256') : put(ipk, key)));
  };
}
