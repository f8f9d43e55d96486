// merging.mjs -- what it spares to merge heartbeats that change nothing: rate, and what one costs Redis and musterd, beside a
// registry that tells Redis of each.
import { setTimeout as sleep } from 'node:timers/promises';
import { climb } from '../climb.mjs';
import { Muster } from '../contenders.mjs';
import { Stand, cpuUs, residentBytes } from '../stand.mjs';

export const title = 'Merging heartbeats';
export const rounds = 'shared';

const HEARD = 'muster_messages_total{kind="heartbeat",result="ok"}';
const MERGED = 'muster_heartbeats_merged_total';
const BEATS = 10; // of a worker while one is told to Redis
const GUESS = 40000;

const settingsFor = (mergeMs) => [`worker.min_heartbeat_timeout_ms=${Math.max(3 * mergeMs, 1000)}`, `worker.merge_heartbeats_ms=${mergeMs}`];

async function take(stand) {
  const [heard, merged] = [await stand.metric(HEARD), await stand.metric(MERGED)];
  return { heard, merged, redis: cpuUs(stand.redisServer.pid), musterd: cpuUs(stand.musterd.pid) };
}

// Everybody has been told of once, and each is told of once more in what is measured.
async function measureCost(name, mergeMs, { sizes, record }) {
  const stand = new Stand();
  await stand.startAll(settingsFor(name === 'on' ? mergeMs : 0));
  const interval = Math.round(mergeMs / BEATS);
  const workers = Math.round((sizes.costRate * interval) / 1000);
  const options = { workers, wait: true, vary: false, duration: 86400, 'heartbeat-interval-ms': interval };
  const fleet = stand.fleet('steady', options);
  while ((await stand.metric(HEARD)) < BEATS * workers) {
    await sleep(20);
  }
  const before = await take(stand);
  await sleep(mergeMs);
  const after = await take(stand);
  const heard = after.heard - before.heard;
  record(`merging.${name}.redis`, (after.redis - before.redis) / heard);
  record(`merging.${name}.musterd`, (after.musterd - before.musterd) / heard);
  record(`merging.${name}.told`, 1 - (after.merged - before.merged) / heard);
  record(`merging.${name}.resident`, residentBytes(stand.musterd.pid));
  await fleet.stop();
  await stand.end();
}

export async function measure(context) {
  const { sizes, record, log } = context;
  for (const name of ['off', 'on']) {
    await measureCost(name, sizes.mergeMs, context);
  }
  const contender = new Muster(0, { name: 'musterd, merging', guess: GUESS, vary: false, settings: settingsFor(sizes.mergeMs) });
  await contender.open();
  const { seconds, steps, startRate } = sizes;
  record('rate.merging0', await climb(contender, { seconds, steps, from: startRate ?? contender.guess, log }));
  await contender.close();
}
