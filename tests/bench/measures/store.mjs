// store.mjs -- what the store's functions cost Redis without a broker and a daemon, as bench_store and bench_steps tell it.
import { join } from 'node:path';
import { binaries } from '../../support/world.mjs';
import { Program } from '../stand.mjs';

export const title = 'Store';
export const rounds = 'own';

async function storeOf(workers, rounds) {
  return new Program(join(binaries, 'bench_store'), ['--json', workers, rounds].map(String)).result();
}

// The more workers there are, the seldomer what a heartbeat reads and writes is in the processor's caches.
async function measureLarger({ sizes, record, log }) {
  for (const { workers } of sizes.fleets.filter((fleet) => fleet.workers > sizes.stored)) {
    log(`${workers} workers`);
    const { costs } = await storeOf(workers, 1);
    for (const name of ['heartbeat', 'heartbeat_floor']) {
      record(`store.${workers}.${name}`, costs[name].redis_us);
    }
  }
}

export async function measure(context) {
  const { sizes, rounds: count, record } = context;
  const { costs, bytes } = await storeOf(sizes.stored, count);
  for (const [name, { redis_us: redisUs, ratio }] of Object.entries(costs)) {
    record(`store.${name}`, redisUs);
    record(`store.${name}.ratio`, ratio);
  }
  record('store.heartbeat_floor_rate', 1e6 / costs.heartbeat_floor.redis_us);
  record('store.floor_bytes', bytes['the same keys by plain commands']);
  const steps = await new Program(join(binaries, 'bench_steps'), ['--json', String(sizes.stored)]).result();
  for (const [name, { redis_us: redisUs }] of Object.entries(steps.costs)) {
    record(`steps.${name}`, redisUs);
  }
  await measureLarger(context);
}
