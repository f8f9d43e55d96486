// registrations.mjs -- how many registrations a second are answered, and whether all are when everybody comes at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { Stand } from '../stand.mjs';

export const title = 'Registrations';
export const rounds = 'shared';

const PATIENCE_S = 120;
const LABELS = { tags: 'blue,fast,night', capabilities: 'java,render', zone: 'z1' };

async function stormOf(stand, workers) {
  const storm = stand.fleet('storm', { ...LABELS, workers, prefix: 'storm', duration: PATIENCE_S, 'heartbeat-interval-ms': 600000 });
  const count = () => stand.redis.scard('muster:{0}:workers');
  const before = await count();
  const deadline = Date.now() + PATIENCE_S * 1000;
  while ((await count()) < before + workers && Date.now() < deadline) {
    await sleep(100);
  }
  await sleep(2000); // the last answers
  const summary = await storm.stop();
  return { ...summary.registrations, kept: (await count()) - before };
}

export async function measure({ sizes, record }) {
  const stand = new Stand();
  await stand.startAll();
  const workers = sizes.registering;
  const { registrations } = await stand
    .fleet('steady', { ...LABELS, workers, duration: 0.1, 'heartbeat-interval-ms': 600000, prefix: 'queue' })
    .result();
  record('registrations.rate', (registrations.registered * 1000) / registrations.tookMs);
  await stand.settle();
  const storm = await stormOf(stand, workers);
  record('registrations.storm', (storm.registered * 1000) / storm.tookMs);
  record('registrations.stormP99', storm.latency.p99Ms);
  record('registrations.stormRepeated', storm.repeated);
  record('registrations.stormUnanswered', workers - storm.registered);
  record('registrations.stormLost', workers - storm.kept);
  await stand.end();
}
