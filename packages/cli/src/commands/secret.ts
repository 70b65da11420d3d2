/** `approov-guard secret`: makes, converts and judges account secrets. */
import { freshSecret } from '@approov-guard/testkit';
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS, SECRET_OPTIONS } from '../command-line/option-tables.ts';
import { namesSource, requiredSecret } from '../input/secret-source.ts';
import { inferredEncoding, secretOf, type UsableSecret, usableSecret } from '../input/secret-text.ts';
import { EXIT, readStandardInput, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

const ENCODINGS = ['base64', 'base64url'] as const;
const BYTES = { min: 32, max: 1024, standard: 64 } as const;

type Encoding = (typeof ENCODINGS)[number];

/** The command. */
export const secret: Command = {
  name: 'secret',
  summary: 'generate a secret for tests, convert one between base64 and base64url, or judge one',
  usage: [
    'approov-guard secret [--generate] [--bytes 64] [--to base64|base64url]',
    'approov-guard secret --to base64|base64url [-]',
    'approov-guard secret --check [-]',
  ],
  options: {
    generate: { value: null, describe: 'make a random secret; the default where nothing else is asked for' },
    bytes: { value: 'COUNT', describe: `its length, ${BYTES.min} to ${BYTES.max}, default ${BYTES.standard}` },
    to: { value: 'ENCODING', describe: 'base64 or base64url: write the secret in this encoding' },
    check: { value: null, describe: 'say the length and the encoding, and refuse placeholders; the secret is not shown' },
    ...SECRET_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'echo "APPROOV_BASE64_SECRET=$(approov-guard secret --generate)" > .env',
    'approov secret -get base64 | approov-guard secret --to base64url -',
    'approov-guard secret --check',
  ],
  words: 1,
  run: async (given, surroundings) => {
    const to = encodingFrom(given.text('to'));
    const [word] = given.words;
    if (word !== undefined && word !== '-')
      throw new UsageError('a secret is not given as a word, where others can see it; pipe it and write -');
    if (word === '-' && (namesSource(given) || given.flag('generate')))
      throw new UsageError('- means the secret on standard input; leave out --generate, --secret and --secret-file');
    const asked = given.flag('check') || to !== null || word === '-' || namesSource(given);
    if (given.flag('generate') || !asked) return generate(given, to ?? 'base64', surroundings);
    if (given.text('bytes') !== undefined) throw new UsageError('--bytes goes with --generate');
    const found = word === '-' ? usableSecret(await piped(surroundings)) : await requiredSecret(given, surroundings);
    return to === null ? describe(found, given, surroundings) : convert(found, to, { given, surroundings });
  },
};

async function piped(surroundings: Surroundings): Promise<{ secret: ReturnType<typeof inferredEncoding>; from: string }> {
  return { secret: inferredEncoding(secretOf(await readStandardInput(surroundings), 'standard input')), from: 'standard input' };
}

function encodingFrom(text: string | undefined): Encoding | null {
  if (text === undefined) return null;
  const found = ENCODINGS.find((encoding) => encoding === text.toLowerCase());
  if (found !== undefined) return found;
  throw new UsageError(`--to is ${ENCODINGS.join(' or ')}`);
}

function generate(given: Arguments, encoding: Encoding, surroundings: Surroundings): number {
  const count = Number(given.text('bytes') ?? BYTES.standard);
  if (!Number.isInteger(count) || count < BYTES.min || count > BYTES.max) {
    throw new UsageError(`--bytes is a whole number from ${BYTES.min} to ${BYTES.max}`);
  }
  const bytes = Buffer.from(freshSecret(count).base64, 'base64');
  if (given.flag('json')) writeJson(surroundings, { secret: bytes.toString(encoding), encoding, bytes: count });
  else surroundings.stdout.write(`${bytes.toString(encoding)}\n`);
  return EXIT.accepted;
}

function convert(
  found: UsableSecret,
  encoding: Encoding,
  { given, surroundings }: { readonly given: Arguments; readonly surroundings: Surroundings },
): number {
  const text = Buffer.from(found.bytes).toString(encoding);
  if (given.flag('json')) writeJson(surroundings, { secret: text, encoding, bytes: found.bytes.length });
  else {
    surroundings.stdout.write(`${text}\n`);
    surroundings.stderr.write(`note: ${found.bytes.length} bytes, from ${found.from}\n`);
  }
  return EXIT.accepted;
}

function describe(found: UsableSecret, given: Arguments, surroundings: Surroundings): number {
  const encoding: Encoding = 'base64' in found.secret ? 'base64' : 'base64url';
  const { bytes, published, from } = found;
  if (given.flag('json')) writeJson(surroundings, { from, encoding, bytes: bytes.length, published });
  else {
    const fitness = published ? 'published in samples: for tests only, refused in production' : 'fit for use';
    surroundings.stdout.write(`${from}: ${encoding}, ${bytes.length} bytes, ${fitness}\n`);
  }
  return EXIT.accepted;
}

function writeJson({ stdout }: Surroundings, value: object): void {
  stdout.write(`${JSON.stringify(value)}\n`);
}
