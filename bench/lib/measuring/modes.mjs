/** How much effort a run takes. */

/** @type {{ [mode: string]: import('../../run.mjs').Settings }} */
export const MODES = {
  full: {
    quick: false,
    smoke: false,
    effort: { rounds: 61, batchMs: 3 },
    load: { launches: 5, rounds: 12, seconds: 0.4, warmSeconds: 1.5, warmRequests: 10_000 },
    flood: { rounds: 12, seconds: 3 },
    soakSeconds: 600,
  },
  short: {
    quick: false,
    smoke: false,
    effort: { rounds: 41, batchMs: 2 },
    load: { launches: 3, rounds: 6, seconds: 0.25, warmSeconds: 0.8, warmRequests: 4000 },
    flood: { rounds: 6, seconds: 2 },
    soakSeconds: 120,
  },
  quick: {
    quick: true,
    smoke: false,
    effort: { rounds: 11, batchMs: 1 },
    load: { launches: 1, rounds: 2, seconds: 0.2, warmSeconds: 0.3, warmRequests: 1000 },
    flood: { rounds: 2, seconds: 1 },
    soakSeconds: 4,
  },
  smoke: {
    quick: true,
    smoke: true,
    effort: { rounds: 2, batchMs: 0.2 },
    load: { launches: 1, rounds: 1, seconds: 0.05, warmSeconds: 0.05, warmRequests: 0 },
    flood: { rounds: 1, seconds: 0.3 },
    soakSeconds: 1,
  },
};
