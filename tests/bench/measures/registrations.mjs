// registrations.mjs -- how many registrations a second are answered, and whether all are when everybody comes at once;
// beside a program that answers the same way and does nothing else, for the same simulator, through the same broker.
import { join } from 'node:path';
import { binaries } from '../../support/world.mjs';
import { Program, Stand } from '../stand.mjs';

export const title = 'Registrations';
export const rounds = 'shared';

const PATIENCE_S = 180;
// Longer than a storm lasts: who asks again meanwhile only makes it longer.
const ASK_AGAIN_MS = 60000;
const WORKER = { tags: 'blue,fast,night', capabilities: 'java,render', zone: 'z1', 'heartbeat-interval-ms': 600000 };

// As many at a time as the simulator's window lets.
async function queueOf(stand, workers) {
  const { registrations } = await stand.fleet('steady', { ...WORKER, workers, prefix: 'queue', duration: 0.1 }).result();
  return registrations;
}

// All at once. The simulator ends by itself when all have been answered, so that no answer is cut off, or when its
// patience does; its exit status says which, and so do its figures.
async function stormOf(stand, workers) {
  const options = { ...WORKER, workers, prefix: 'storm', 'timeout-ms': ASK_AGAIN_MS, duration: PATIENCE_S };
  const storm = stand.fleet('storm', { ...options, 'until-registered': true });
  await storm.ended;
  return JSON.parse(await storm.output).registrations;
}

const rateOf = ({ registered, tookMs }) => (registered * 1000) / tookMs;

async function measureMusterd({ sizes, record }) {
  const workers = sizes.registering;
  const stand = new Stand();
  await stand.startAll();
  const began = performance.now();
  const queue = await queueOf(stand, workers);
  record('registrations.rate', rateOf(queue));
  await stand.settle();
  record('registrations.told', (queue.registered * 1000) / (performance.now() - began));
  const before = await stand.redis.scard('muster:{0}:workers');
  const storm = await stormOf(stand, workers);
  const kept = (await stand.redis.scard('muster:{0}:workers')) - before;
  record('registrations.storm', rateOf(storm));
  record('registrations.stormP99', storm.latency.p99Ms);
  record('registrations.stormRepeated', storm.repeated);
  record('registrations.stormUnanswered', workers - storm.registered);
  record('registrations.stormLost', workers - kept);
  await stand.end();
}

async function bareOf(fleetOf, workers) {
  const stand = new Stand();
  await stand.startBroker();
  const answerer = new Program(join(binaries, 'bench_answerer'), ['--uri', stand.mqttUri, '--json']);
  await answerer.said('subscribed');
  const registrations = await fleetOf(stand, workers);
  const { messagesPerSecond } = await answerer.stop();
  await stand.end();
  return { rate: rateOf(registrations), told: messagesPerSecond };
}

export async function measure(context) {
  const { sizes, record } = context;
  const queue = await bareOf(queueOf, sizes.registering);
  record('registrations.bare', queue.rate);
  record('registrations.bareTold', queue.told);
  await measureMusterd(context);
  const storm = await bareOf(stormOf, sizes.registering);
  record('registrations.bareStorm', storm.rate);
}
