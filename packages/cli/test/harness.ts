/** Runs the command in process, with everything around it given. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@approov-guard/cli';
import { devSecret, freshSecret } from '@approov-guard/testkit';

/** The moment at which all commands run: 2023-11-14T22:13:20Z. */
export const now = 1_700_000_000_000;

/** The secret in the environment, unless a test gives another environment. */
export const secret = freshSecret();
export { devSecret };

/** What a test gives. */
export interface Given {
  readonly env?: { readonly [name: string]: string | undefined };
  readonly stdin?: string;
  /** Files in the working folder, by name. */
  readonly files?: { readonly [name: string]: string | Uint8Array };
  readonly now?: number;
}

/** What a command did. */
export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in a fresh folder. */
export async function guard(argv: readonly string[], given: Given = {}): Promise<Done> {
  const { env = { APPROOV_BASE64_SECRET: secret.base64 }, stdin = '', files = {} } = given;
  const cwd = mkdtempSync(join(tmpdir(), 'approov-guard-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  let [stdout, stderr] = ['', ''];
  const code = await run({
    argv,
    env,
    cwd,
    stdin: chunks(stdin),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    now: () => given.now ?? now,
  });
  rmSync(cwd, { recursive: true });
  return { code, stdout, stderr };
}

/** Splits inside characters, as pipes do. */
async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): { readonly [claim: string]: unknown } {
  return JSON.parse(Buffer.from(token.trim().split('.')[1] ?? '', 'base64url').toString());
}
