// store.mjs -- what the store's functions cost Redis without a broker and a daemon, as bench_store and bench_steps tell it.
import { join } from 'node:path';
import { binaries } from '../../support/world.mjs';
import { Program } from '../stand.mjs';

export const title = 'Store';
export const rounds = 'own';

export async function measure({ sizes, rounds: count, record }) {
  const args = ['--json', sizes.stored, count].map(String);
  const { costs, bytes } = await new Program(join(binaries, 'bench_store'), args).result();
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
}
