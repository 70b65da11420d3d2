/** Opened installation keys: opening one costs more than parsing a signature, and a device sends the same one with each request. */
import { encodeBase64 } from '../core/bytes/base64.ts';
import type { PreparedKey } from '../core/jws/key-set.ts';
import type { CryptoPort } from '../core/ports.ts';
import { chain } from '../core/result.ts';
import { INSTALLATION_ALGORITHM, type OpenInstallationKey } from '../core/signature/signing-key.ts';

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
  return (der) => {
    const name = encodeBase64(der.subarray(-64), 'base64');
    const known = young.get(name);
    if (known !== undefined) return known;
    const aged = old.get(name);
    if (aged !== undefined) return put(name, aged);
    const opened = crypto.openPublicKey(INSTALLATION_ALGORITHM, { form: 'spki', der });
    return chain(opened, (key) => (key === null ? null : put(name, key)));
  };
}
