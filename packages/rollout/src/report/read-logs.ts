/** Reads decision logs as streams. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { type ReadinessReport, type ReportSettings, reportOf } from './report.ts';
import { Tally } from './tally.ts';

/** A line that is longer is damaged: its rest is passed over. */
const LONGEST_LINE = 65_536;

/**
 * Reads decision logs and reports. Memory does not grow with the number of lines. Lines that are cut off, or that are not of a decision log, are
 * passed over and counted.
 *
 * @param paths - files (`.gz` ones are unpacked), and folders, of which every `.jsonl` and `.jsonl.gz` is read
 * @param settings - the thresholds, and what is known of the app
 * @returns the report
 * @throws Error if a path cannot be read
 *
 * @example
 * ```ts
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { readDecisionLogs, spellReport } from '@approov-guard/rollout';
 * const report = await readDecisionLogs([mkdtempSync(join(tmpdir(), 'decisions-'))]);
 * console.log(spellReport(report)); // Nothing was judged. …
 * ```
 */
export async function readDecisionLogs(paths: readonly string[], settings: ReportSettings = {}): Promise<ReadinessReport> {
  const tally = new Tally();
  for (const path of paths) for (const file of await filesOf(path)) await readFileInto(file, tally);
  return reportOf(tally.end(), settings);
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort();
  return names.map((name) => join(path, name));
}

async function readFileInto(path: string, tally: Tally): Promise<void> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const bytes: AsyncIterable<Buffer> = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => bytes !== file && (bytes as ReturnType<typeof createGunzip>).destroy(error));
  let rest = '';
  for await (const chunk of bytes) {
    const text = rest + chunk.toString('latin1');
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      tally.add(end - from > LONGEST_LINE ? '?' : text.slice(from, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end));
      from = end + 1;
    }
    rest = text.length - from > LONGEST_LINE ? '?'.repeat(LONGEST_LINE) : text.slice(from);
  }
  tally.add(rest);
}
