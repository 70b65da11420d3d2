/** Several test files in one process. */
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

/**
 * Loads test files one after the other. One that cannot be loaded is a failing test with its name; the others run all the same. One that
 * calls `process.exit`, and so ends the tests of all, makes the process fail.
 * @param {readonly string[]} files
 */
export async function loadTests(files) {
  let ended = false;
  process.once('beforeExit', () => {
    ended = true;
  });
  process.once('exit', (code) => {
    if (!ended && code === 0) process.exitCode = 1;
  });
  for (const file of files) {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      test(`${file} can be loaded`, () => {
        throw error;
      });
    }
  }
}
