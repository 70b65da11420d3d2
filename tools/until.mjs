/** Waits until a condition holds, however slow the machine is. */
import assert from 'node:assert/strict';

/** Long enough for any machine: it only ends what would hang. */
const LONGEST_MS = 60_000;

/**
 * @param {() => unknown} condition - asked again and again until it answers, or promises, what is true
 * @param {string} [what] - what is waited for, told where it does not come
 */
export async function until(condition, what = String(condition)) {
  for (const began = Date.now(); !(await condition()); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (Date.now() - began > LONGEST_MS) assert.fail(`did not happen: ${what}`);
}

/** Lets what is under way in this process go on: callbacks of promises, and those of the turn of the event loop after them. */
export async function settled() {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
