// sizes.mjs -- how much is measured: quick is for correctness alone, full for figures, long has the million as well.
const full = {
  rounds: 3, // unless another number is asked for
  seconds: 4, // of each step
  steps: 10, // at most, of a search for a rate
  keepAlives: 200000,
  sets: 2000000,
  registering: 100000,
  stored: 100000,
  fleets: [{ workers: 100000 }],
  costRate: 20000, // heartbeats a second
  mergeMs: 10000,
  lateness: [{ workers: 100000, silent: 1000, timeoutMs: 20000 }],
  death: { dying: 100000, others: 20000, timeoutMs: 30000 },
  limitMinutes: 60,
};

export const sizes = {
  quick: {
    rounds: 1,
    seconds: 0.5,
    steps: 1,
    startRate: 2000,
    keepAlives: 2000,
    sets: 20000,
    registering: 1000,
    stored: 500,
    fleets: [{ workers: 1000, silent: 20, timeoutMs: 1500 }],
    costRate: 1000,
    mergeMs: 1000,
    lateness: [{ workers: 500, silent: 50, timeoutMs: 1500 }],
    death: { dying: 500, others: 200, timeoutMs: 2000 },
    limitMinutes: 5,
  },
  full,
  long: {
    ...full,
    rounds: 2,
    fleets: [...full.fleets, { workers: 1000000, silent: 1000, timeoutMs: 20000 }],
    limitMinutes: 90,
  },
};
