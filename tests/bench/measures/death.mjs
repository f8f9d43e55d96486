// death.mjs -- many die at the same instant, brake off: when the last of them is noticed and told, and how the others fare.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binaries } from '../../support/world.mjs';
import { Program, Stand } from '../stand.mjs';

export const title = 'Mass death';
export const rounds = 'own';

const NO_BRAKE = 'brake.min_workers=100000000';
const PATIENCE_MS = 180000;
const PAGE = 5000;
const EVENTS = 'muster:{0}:events';

// The others, and who is told of the deaths: of a bare publisher as well.
export const steadyOthers = (others) => ({ workers: others, prefix: 'other', 'heartbeat-interval-ms': 2000, ask: 0.05 });
export async function startWitness(stand) {
  const args = ['--uri', stand.mqttUri, '--client-id', 'bench-witness', '--qos', '1', '--topic', 'muster/v1/event/unhealthy/+', '--json'];
  const witness = new Program(join(binaries, 'bench_counter'), args);
  await witness.said('subscribed');
  return witness;
}

const valueIn = (entry, field) => entry[entry.indexOf(field) + 1];

// The evidence of each unhealthy event since then.
async function deathsSince(stand, since) {
  const deaths = [];
  for (let from = since; ; ) {
    const page = await stand.redis.xrange(EVENTS, `(${from}`, '+', 'COUNT', PAGE);
    for (const [, entry] of page) {
      if (valueIn(entry, 'type') === 'unhealthy') {
        deaths.push(JSON.parse(valueIn(entry, 'evidence')));
      }
    }
    if (page.length < PAGE) {
      return deaths;
    }
    from = page.at(-1)[0];
  }
}

async function waitUntilTold(stand, dying) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const dead = await stand.redis.scard('muster:{0}:health:UNHEALTHY');
    const { newest, cursor } = await stand.outbox();
    if (dead === dying && newest === cursor) {
      return Date.now();
    }
    if (Date.now() > deadline) {
      throw new Error(`${dead} of ${dying} are unhealthy, events are published up to ${cursor} of ${newest}`);
    }
    await sleep(20);
  }
}

export async function measure({ sizes, record, log }) {
  const { dying, others, timeoutMs } = sizes.death;
  const stand = new Stand();
  await stand.startAll([NO_BRAKE, 'health.check_interval_ms=600000']);
  const steady = steadyOthers(others);
  await stand.fleet('steady', { ...steady, duration: 0.1 }).result();
  const mortal = { workers: dying, prefix: 'mortal', together: true, share: 1 };
  log(`${dying} register`);
  const mortals = stand.fleet('mass-death', {
    ...mortal,
    'heartbeat-interval-ms': Math.floor(timeoutMs / 3),
    'heartbeat-timeout-ms': timeoutMs,
    at: timeoutMs / 1000,
    duration: timeoutMs / 1000 + 0.1,
  });
  await mortals.result();
  await stand.settle();
  const { newest } = await stand.outbox();
  const witness = await startWitness(stand);
  log(`${dying} are silent`);
  const meanwhile = stand.fleet('steady', { ...steady, duration: PATIENCE_MS / 1000 });
  const toldAt = await waitUntilTold(stand, dying);
  const { heartbeats } = await meanwhile.stop();
  const { messages } = await witness.stop();
  const deaths = await deathsSince(stand, newest);
  const deadlines = deaths.map(({ deadline }) => deadline);
  const first = deadlines.reduce((least, each) => Math.min(least, each), Infinity);
  record('death.noticedMs', deaths.reduce((most, { lateMs }) => Math.max(most, lateMs), 0));
  record('death.deadlinesMs', deadlines.reduce((most, each) => Math.max(most, each - first), 0));
  record('death.toldMs', toldAt - first);
  record('death.untold', dying - messages);
  record('death.othersP99', heartbeats.latency.p99Ms);
  record('death.othersUnanswered', heartbeats.asked - heartbeats.answered);
  await stand.end();
}
