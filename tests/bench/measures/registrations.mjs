// registrations.mjs -- how many registrations a second are answered, and whether all are when everybody comes at once.
import { Stand } from '../stand.mjs';

export const title = 'Registrations';
export const rounds = 'shared';

const PATIENCE_S = 180;
// Longer than a storm lasts: who asks again meanwhile only makes it longer.
const ASK_AGAIN_MS = 60000;
const LABELS = { tags: 'blue,fast,night', capabilities: 'java,render', zone: 'z1' };

// All at once. The simulator ends by itself when all have been answered, so that no answer is cut off, or when its
// patience does; its exit status says which, and so do its figures.
async function stormOf(stand, workers) {
  const count = () => stand.redis.scard('muster:{0}:workers');
  const before = await count();
  const options = { ...LABELS, workers, prefix: 'storm', 'heartbeat-interval-ms': 600000, 'timeout-ms': ASK_AGAIN_MS };
  const storm = stand.fleet('storm', { ...options, duration: PATIENCE_S, 'until-registered': true });
  await storm.ended;
  const { registrations } = JSON.parse(await storm.output);
  return { ...registrations, kept: (await count()) - before };
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
