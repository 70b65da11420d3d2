/** The bytes of a signature, in the forms that clients send. */
import { decodeBase64 } from '../bytes.ts';
import type { Member } from '../sfv/parse.ts';

/** Which forms are accepted. */
export interface SignatureForm {
  readonly stringSignature: boolean;
  readonly derSignature: boolean;
  /** The length of an algorithm's raw signature. */
  readonly signatureBytes: number;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Reads the member of `Signature`: a Byte Sequence, or with the tolerances a String or a DER signature. `null` if it is none. */
export function signatureBytes(member: Member, form: SignatureForm): Bytes | null {
  if (member.kind !== 'item') return null;
  const { value } = member;
  const bytes =
    value.type === 'bytes' ? value.value : value.type === 'string' && form.stringSignature ? decodeBase64(value.value, 'base64') : null;
  if (bytes === null || bytes.length === 0) return null;
  if (bytes.length === form.signatureBytes || !form.derSignature) return bytes;
  return rawFromDer(bytes) ?? bytes;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** Turns a DER ECDSA signature over P-256 (RFC 3279 §2.2.3) into r‖s. Strict DER; `null` if it is none. */
export function rawFromDer(der: Bytes): Bytes | null {
  if (der.length > 72 || der[0] !== SEQUENCE || der[1] !== der.length - 2) return null;
  const r = integerAt(der, 2);
  const s = r === null ? null : integerAt(der, r.end);
  if (r === null || s === null || s.end !== der.length) return null;
  const raw = new Uint8Array(64);
  raw.set(r.number, 32 - r.number.length);
  raw.set(s.number, 64 - s.number.length);
  return raw;
}

/** A minimal positive DER integer of at most 32 bytes. */
function integerAt(der: Bytes, at: number): { readonly number: Uint8Array; readonly end: number } | null {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== INTEGER || length === 0 || end > der.length) return null;
  const number = der.subarray(at + 2, end);
  const [first = 0, second = 0] = number;
  const padded = first === 0 && length > 1;
  if (first >= 0x80 || (padded && second < 0x80)) return null;
  const magnitude = padded ? number.subarray(1) : number;
  return magnitude.length <= 32 ? { number: magnitude, end } : null;
}

/** The order of P-256 (SEC 2 §2.4.2). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * The spelling under which a signature is remembered against replay. ECDSA signatures come in pairs, (r, s) and (r, n − s), and who holds
 * one can make the other; the one with the smaller s stands for both.
 */
export function canonicalSignature(raw: Bytes, isEcdsa: boolean): Bytes {
  if (!isEcdsa || raw.length !== 64) return raw;
  const s = BigInt(`0x${hexOf(raw.subarray(32))}`);
  if (s <= P256_ORDER / 2n || s >= P256_ORDER) return raw;
  const canonical = new Uint8Array(raw);
  let rest = P256_ORDER - s;
  for (let index = 63; index >= 32; index--) {
    canonical[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return canonical;
}

function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
