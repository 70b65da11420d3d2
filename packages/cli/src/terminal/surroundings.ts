/** Everything outside the command line program, so that a test can bring its own. */
import { fileText } from 'approov-guard/keys-file';

/** What {@link run} works with. */
export interface Surroundings {
  /** The words after the command's name. */
  readonly argv: readonly string[];
  readonly env: { readonly [name: string]: string | undefined };
  /** Read to its end, and only where an argument says `-`. */
  readonly stdin: AsyncIterable<string | Uint8Array>;
  /** Receives the answer and nothing else. */
  readonly stdout: { write(text: string): unknown };
  /** Receives notes, warnings and errors. */
  readonly stderr: { write(text: string): unknown };
  /** The clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Where `.env` is looked for, and where relative file names begin. */
  readonly cwd: string;
}

/** What the exit codes mean. */
export const EXIT = { accepted: 0, rejected: 1, usage: 2, unknown: 3 } as const;

/** Reads the standard input to its end, as UTF-8. */
export async function readStandardInput(surroundings: Surroundings): Promise<string> {
  return fileText(await readStandardBytes(surroundings));
}

/** Reads the standard input to its end. */
export async function readStandardBytes({ stdin }: Surroundings): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
}
