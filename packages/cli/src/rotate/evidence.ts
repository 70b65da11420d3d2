/** What instances and logs tell of the use of keys. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../terminal/usage-error.ts';

/** What is known of a key at one place. */
export interface KeyEvidence {
  readonly uses: number;
  /** Since when they are counted, seconds since the epoch; `null` where the place does not tell. */
  readonly since: number | null;
}

/** What one place tells, by the ids of keys; `null` if it does not answer. */
export type Evidence = ReadonlyMap<string, KeyEvidence> | null;

const SERIES = /^approov_(?:gateway|guard)_key_(uses_total|since_seconds)\{(?:[^}]*,)?key="([^"]*)"[^}]*\} (\S+)$/;
const MOST_BYTES = 16 * 1024 ** 2;

/** Asks an instance for its metrics: the gateway's, the authoriser's, or those of `approov-guard/prometheus`. */
export async function askMetrics(url: string): Promise<Evidence> {
  let text: string;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000), redirect: 'error' });
    if (!answer.ok || Number(answer.headers.get('content-length') ?? 0) > MOST_BYTES) return null;
    text = await answer.text();
  } catch {
    return null;
  }
  const found = new Map<string, { uses: number; since: number | null }>();
  for (const line of text.split('\n')) {
    const [, what, id, value] = SERIES.exec(line) ?? [];
    if (what === undefined || id === undefined) continue;
    const known = found.get(id) ?? { uses: 0, since: null };
    found.set(id, known);
    if (what === 'uses_total') known.uses += Number(value);
    else known.since = Math.max(known.since ?? 0, Number(value));
  }
  return found;
}

/** Reads decision logs: how often each key was used. A log of all instances is one place. */
export async function readKeyUses(paths: readonly string[]): Promise<Evidence> {
  const found = new Map<string, { uses: number; since: null }>();
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      const stream = createReadStream(file);
      const lines = createInterface({
        input: file.endsWith('.gz') ? stream.pipe(createGunzip()) : stream,
        crlfDelay: Number.POSITIVE_INFINITY,
      });
      for await (const line of lines) {
        const id = /"outcome":"accepted".*"key":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
        if (id === undefined) continue;
        const known = found.get(id) ?? { uses: 0, since: null };
        known.uses += Number(/"count":(\d+)/.exec(line)?.[1] ?? 1);
        found.set(id, known);
      }
    }
  }
  return found;
}

async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    return (await readdir(path)).filter((name) => /\.jsonl(\.gz)?$/.test(name)).map((name) => join(path, name));
  } catch (error) {
    throw new UsageError(`a log cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
