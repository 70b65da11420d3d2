/** The state in a file: replaced whole or not at all, so that a process that is killed at any moment leaves the old state or the new one. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CloudError } from '../cloud-error.ts';
import { readState } from './read-state.ts';
import { type CloudState, freshState } from './state.ts';

/** Where a state is kept. */
export interface StateStore {
  readonly load: () => CloudState;
  readonly save: (state: CloudState) => void;
}

/** Keeps the state in memory: it ends with the process. */
export function memoryStore(initial: CloudState): StateStore {
  let kept = initial;
  return {
    load: () => kept,
    save: (state) => {
      kept = state;
    },
  };
}

/** The one name of a state file, symbolic links followed, whether it exists or not. */
export function stateFileName(file: string): string {
  const absolute = resolve(file);
  try {
    return realpathSync(absolute);
  } catch {
    mkdirSync(dirname(absolute), { recursive: true, mode: 0o700 });
    return join(realpathSync(dirname(absolute)), basename(absolute));
  }
}

/**
 * Keeps the state in a file that only its owner reads. Whoever uses it holds the file's lock ({@link lockState}).
 * @param file - as {@link stateFileName} answers it
 * @param account - the account of a new state
 */
export function fileStore(file: string, account: string): StateStore {
  return {
    load: () => {
      const kept = keptState(file);
      if (kept !== null) return kept;
      const state = freshState(account);
      replace(file, state);
      return state;
    },
    save: (state) => replace(file, state),
  };
}

/** The state in a file, or `null` where there is none. @throws CloudError as {@link readState} */
export function keptState(file: string): CloudState | null {
  const content = contentOf(file);
  return content === null ? null : readState(content, file);
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unwritable(file, 'cannot be read', error);
  }
}

function replace(file: string, state: CloudState): void {
  const next = `${file}.new`;
  try {
    const handle = openSync(next, 'w', 0o600);
    try {
      writeSync(handle, `${JSON.stringify(state, null, 1)}\n`);
      // Without this the new name may outlive its content in a power cut.
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(next, file);
  } catch (error) {
    throw unwritable(file, 'cannot be written', error);
  }
}

function unwritable(file: string, what: string, cause: unknown): CloudError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  return new CloudError('state-unwritable', `${file} ${what} (${code}). Check the folder and its permissions, or name another file.`, {
    cause,
  });
}
