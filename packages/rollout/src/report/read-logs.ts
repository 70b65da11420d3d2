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
  let rest: Buffer = NOTHING;
  for await (const chunk of unmarked(bytes)) {
    let from = 0;
    if (rest.length > 0) {
      // Only the line that lies in both is copied.
      from = chunk.indexOf(LINE_FEED) + 1;
      rest = withinBounds(Buffer.concat([rest, from === 0 ? chunk : chunk.subarray(0, from)]));
      if (from === 0) continue;
      addLine(tally, rest, 0, rest.length - 1);
    }
    for (let end = chunk.indexOf(LINE_FEED, from); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      addLine(tally, chunk, from, end);
      from = end + 1;
    }
    rest = withinBounds(chunk.subarray(from));
  }
  addLine(tally, rest, 0, rest.length);
}

/** The same as UTF-8 without a byte order mark: what Windows PowerShell redirects into a file is UTF-16. */
async function* unmarked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | null | undefined;
  for await (const chunk of bytes) {
    if (decoder === undefined)
      decoder = chunk[0] === 0xff && chunk[1] === 0xfe ? new TextDecoder('utf-16le') : chunk[0] === 0xef ? new TextDecoder() : null;
    yield decoder === null ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
  }
}

const LINE_FEED = 0x0a;
const NOTHING = Buffer.alloc(0);

function addLine(tally: Tally, bytes: Buffer, from: number, end: number): void {
  const to = end > from && bytes[end - 1] === 0x0d ? end - 1 : end;
  if (to - from > LONGEST_LINE) tally.add(NOT_A_LINE);
  else tally.add(bytes, from, to);
}

const NOT_A_LINE = Buffer.from('?');

/** What is kept of a line that has not ended: enough to know that it is too long. */
function withinBounds(line: Buffer): Buffer {
  return line.length > LONGEST_LINE + 2 ? Buffer.concat([line.subarray(0, LONGEST_LINE + 1), Buffer.from('?\n')]) : line;
}
