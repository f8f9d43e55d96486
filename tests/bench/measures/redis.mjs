// redis.mjs -- the yardstick of the store: a bare Redis, with the persistence that is shipped, and pipelined SET PX alone.
import { Program, Stand, cpuUs } from '../stand.mjs';

export const title = 'Bare Redis';
export const rounds = 'shared';

const PIPELINE = 200;
const KEYS = 100000;

export async function measure({ sizes, record }) {
  const stand = new Stand();
  const server = await stand.startRedis();
  const args = ['-p', stand.world.redisPort, '-c', 1, '-P', PIPELINE, '-n', sizes.sets, '-r', KEYS, '--csv'];
  args.push('SET', 'alive:__rand_int__', '1', 'PX', '300000');
  const usedBefore = cpuUs(server.pid);
  const text = await new Program('redis-benchmark', args.map(String)).text();
  record('cost.setpx', (cpuUs(server.pid) - usedBefore) / sizes.sets);
  record('rate.setpx', Number(text.trim().split('\n').at(-1).split('","')[1].replace(/"/g, '')));
  await stand.end();
}
