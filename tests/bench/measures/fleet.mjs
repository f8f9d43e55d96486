// fleet.mjs -- a fleet at work: what a heartbeat costs each process, what a worker takes in Redis, and how long it takes to
// find some, to count all, and to start musterd with all of them.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { counterOf } from '../contenders.mjs';
import { Stand, cpuUs, residentBytes } from '../stand.mjs';

export const title = 'Fleet';
export const rounds = 'own';

const LABELS = { tags: 'blue,fast,night', capabilities: 'java,render', zone: 'z1' };
const HEARTBEATS = 'muster_messages_total{kind="heartbeat",result="ok"}';
const API = '/api/v1/worker-registration';
const FIND = `${API}/workers/find?tags=blue&minimumFreeCapacity=1&limit=100`;
const ASKED = 200;
const SAMPLES = 100;
const PER_WORKER = ['worker', 'detail', 'alive'];
const SET_SAMPLES = 1000;

const optionsOf = (workers, rate) => ({
  ...LABELS,
  workers,
  'heartbeat-interval-ms': Math.max(Math.round((workers * 1000) / rate), 1),
});

async function register(stand, options) {
  await stand.fleet('steady', { ...options, duration: 0.1 }).result();
  await stand.settle(3600000);
}

// Redis's own count of the time in functions, in microseconds.
async function functionTime(stand) {
  const { cmdstat_fcall: text } = await stand.redisInfo('commandstats');
  return Number(/usec=(\d+)/.exec(text)[1]);
}

const processesOf = (stand, counter) => ({
  musterd: stand.musterd.pid,
  counter: counter.pid,
  redis: stand.redisServer.pid,
  broker: stand.broker.pid,
});

async function take(stand, processes) {
  const heartbeats = await stand.metric(HEARTBEATS);
  const functions = await functionTime(stand);
  return { heartbeats, functions, ...Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, cpuUs(pid)])) };
}

// One after the other while the fleet heartbeats: musterd and the counting subscriber hear the same messages.
async function measureCost(stand, options, { sizes, rounds: count, record }) {
  const { workers } = options;
  const counter = counterOf(stand, 0);
  await counter.said('subscribed');
  const fleet = stand.fleet('steady', { ...options, duration: 86400 });
  await whenRegistered(stand, fleet, workers);
  const processes = processesOf(stand, counter);
  for (let round = 0; round < count; round++) {
    const before = await take(stand, processes);
    await sleep(sizes.seconds * 1000);
    const after = await take(stand, processes);
    const beats = after.heartbeats - before.heartbeats;
    for (const name of [...Object.keys(processes), 'functions']) {
      record(`fleet.${workers}.${name}`, (after[name] - before[name]) / beats);
    }
    record(`fleet.${workers}.above`, (after.musterd - before.musterd - after.counter + before.counter) / beats);
    record(`fleet.${workers}.rate`, beats / sizes.seconds);
  }
  const { cpu, heartbeats } = await fleet.stop();
  await counter.stop();
  record(`fleet.${workers}.sim`, (cpu.processMs * 1000) / heartbeats.sent);
}

// All have registered again, as the same boot with the same words, of which the world need not be told.
async function whenRegistered(stand, fleet, workers) {
  const registered = () => stand.metric('muster_messages_total{kind="register",result="ok"}');
  while ((await registered()) < 2 * workers) {
    if (fleet.child.exitCode !== null) {
      throw new Error(`the fleet ended: ${await fleet.text()}`);
    }
    await sleep(100);
  }
  await stand.settle();
}

async function memoryOf(stand, key) {
  return (await stand.redis.call('MEMORY', 'USAGE', key, 'SAMPLES', SET_SAMPLES)) ?? 0;
}

async function average(stand, kind, workers) {
  let sum = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const number = String(Math.floor((i * workers) / SAMPLES)).padStart(7, '0');
    sum += await memoryOf(stand, `muster:{0}:${kind}:fleet-${number}`);
  }
  return sum / SAMPLES;
}

// The keys that are not one worker's alone.
async function sharedKeys(stand) {
  const kinds = new Set(PER_WORKER);
  const shared = [];
  for (let cursor = '0'; ; ) {
    const [next, keys] = await stand.redis.scan(cursor, 'MATCH', 'muster:*', 'COUNT', 10000);
    shared.push(...keys.filter((key) => !kinds.has(key.split(':')[2])));
    if (next === '0') {
      return shared;
    }
    cursor = next;
  }
}

async function measureMemory(stand, workers, emptyBytes, { record }) {
  const { used_memory: used } = await stand.redisInfo('memory');
  const events = await memoryOf(stand, 'muster:{0}:events');
  record(`bytes.${workers}.all`, (Number(used) - emptyBytes - events) / workers);
  record(`bytes.${workers}.events`, events / workers);
  let parts = 0;
  for (const kind of PER_WORKER) {
    const each = await average(stand, kind, workers);
    record(`bytes.${workers}.part.${kind}:<id>`, each);
    parts += each;
  }
  for (const key of await sharedKeys(stand)) {
    const each = (await memoryOf(stand, key)) / workers;
    if (key !== 'muster:{0}:events' && each >= 1) {
      record(`bytes.${workers}.part.${key.slice('muster:{0}:'.length)}`, each);
      parts += each;
    }
  }
  record(`bytes.${workers}.part.(the rest: Redis's tables of keys and expiries)`, (Number(used) - emptyBytes - events) / workers - parts);
}

async function timesOf(stand, path) {
  const times = [];
  for (let i = 0; i < ASKED; i++) {
    const begin = performance.now();
    const answer = await fetch(stand.httpUri + path);
    const body = await answer.json();
    times.push(performance.now() - begin);
    if (answer.status !== 200) {
      throw new Error(`${path}: ${JSON.stringify(body)}`);
    }
  }
  return times;
}

async function measureQuestions(stand, workers, { record }) {
  const found = await (await fetch(stand.httpUri + FIND)).json();
  if (found.workers?.length !== Math.min(workers, 100)) {
    throw new Error(`find has found ${found.workers?.length}`);
  }
  for (const each of await timesOf(stand, FIND)) {
    record(`find.${workers}`, each);
  }
  for (const each of await timesOf(stand, `${API}/health/system`)) {
    record(`statistics.${workers}`, each);
  }
}

async function measureStart(stand, workers, { record }) {
  record(`resident.${workers}.before`, residentBytes(stand.musterd.pid));
  stand.musterd.kill('SIGTERM');
  await once(stand.musterd, 'exit');
  await stand.startRegistry();
  record(`start.${workers}`, stand.readyAfterMs);
  await sleep(2000);
  record(`resident.${workers}.after`, residentBytes(stand.musterd.pid));
}

export async function measure(context) {
  for (const workers of context.sizes.fleets) {
    const stand = new Stand();
    await stand.startAll();
    const emptyBytes = Number((await stand.redisInfo('memory')).used_memory);
    const options = optionsOf(workers, context.sizes.costRate);
    context.log(`${workers} workers register`);
    await register(stand, options);
    await measureMemory(stand, workers, emptyBytes, context);
    await measureQuestions(stand, workers, context);
    context.log(`${workers} workers heartbeat`);
    await measureCost(stand, options, context);
    await measureStart(stand, workers, context);
    await stand.end();
  }
}
