/** Mistakes in a policy file. */
import { ConfigurationError } from '../checks/configuration-error.ts';
import { TextMistake } from './json-text.ts';

/** A mistake in a policy file: which file and line, which option, and how to fix it. The message never holds a secret. */
export class PolicyFileError extends ConfigurationError {
  /** The file as it was named; `null` for a policy that comes from no file. */
  readonly file: string | null;
  /** The line in that file, from 1; `null` where it is not known. */
  readonly line: number | null;

  constructor(place: { readonly file: string | null; readonly line: number | null }, error: ConfigurationError) {
    super(error.code, error.path, error.remedy);
    this.name = 'PolicyFileError';
    this.file = place.file;
    this.line = place.line;
    const where = [place.file, place.line].filter((part) => part !== null).join(':');
    if (where !== '') this.message = `${where}: ${this.message}`;
  }
}

/** The line of an option, or of the nearest one around it: an option that is missing stands nowhere. */
export function lineOf(lines: ReadonlyMap<string, number>, path: string): number | null {
  for (let place = path; ; place = place.slice(0, Math.max(place.lastIndexOf('.'), place.lastIndexOf('['), 0))) {
    const line = lines.get(place);
    if (line !== undefined) return line;
    if (place === '') return null;
  }
}

/** Runs something, and says of what it throws where in the file the mistake is. */
export function located<T>(file: string | null, lines: ReadonlyMap<string, number>, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TextMistake) {
      throw new PolicyFileError({ file, line: error.line }, new ConfigurationError('file-malformed', 'policy', error.message));
    }
    if (error instanceof PolicyFileError || !(error instanceof ConfigurationError)) throw error;
    throw new PolicyFileError({ file, line: lineOf(lines, error.path) }, error);
  }
}
