/** How much effort a run takes. */

/** @type {{ [mode: string]: import('../run.mjs').Settings }} */
export const MODES = {
  full: { quick: false, smoke: false, effort: { rounds: 11, batchMs: 15 }, load: { rounds: 9, seconds: 2 }, soakSeconds: 600 },
  short: { quick: false, smoke: false, effort: { rounds: 9, batchMs: 8 }, load: { rounds: 7, seconds: 1 }, soakSeconds: 60 },
  quick: { quick: true, smoke: false, effort: { rounds: 7, batchMs: 2 }, load: { rounds: 1, seconds: 1 }, soakSeconds: 3 },
  smoke: { quick: true, smoke: true, effort: { rounds: 2, batchMs: 0.2 }, load: { rounds: 1, seconds: 0.3 }, soakSeconds: 1 },
};
