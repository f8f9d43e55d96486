// fleet.mjs -- a fleet at work: how long it takes to start musterd with all of it, to find some and to count all, what a
// heartbeat costs each process, what a worker takes in Redis, how late the silent are noticed, and what it means to tell
// all statuses again.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { counterOf } from '../contenders.mjs';
import { Stand, cpuUs, residentBytes } from '../stand.mjs';
import { measureMemory, usedBytes } from './memory.mjs';
import { measureSilence } from './silence.mjs';

export const title = 'Fleet';
export const rounds = 'own';

const HEARTBEATS = 'muster_messages_total{kind="heartbeat",result="ok"}';
const API = '/api/v1/worker-registration';
const ASKED = 100;
const PAGE = 100;
const BEATING = 0.9; // of all: the others are full, and silent
const EVENTS = 'muster:{0}:events';
const MEMORY = 'muster:{0}:memory';
// By who has the tag, and how many of those that are not full have it; pool-9 is the last tenth, which is full (load.c).
const SEARCHES = {
  all: { filter: 'tags=blue&minimumFreeCapacity=1' },
  few: { filter: 'tags=rack-7&minimumFreeCapacity=1', matching: (free) => Math.ceil((free - 7) / 500) },
  full: { filter: 'tags=pool-9&minimumFreeCapacity=1', matching: () => 0 },
  best: { filter: 'tags=blue&minimumFreeCapacity=1&sort=freeCapacity' },
  bestFull: { filter: 'tags=pool-9&minimumFreeCapacity=1&sort=freeCapacity', matching: () => 0 },
};

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

async function stopRegistry(stand) {
  stand.musterd.kill('SIGTERM');
  await once(stand.musterd, 'exit');
}

// A registry that has run before: the broker has its session, and Redis is the one that it knows.
async function settleEmpty(stand) {
  await stand.startAll();
  while ((await stand.redis.get(MEMORY)) === null) {
    await sleep(20);
  }
  await stopRegistry(stand);
}

async function measureStart(stand, workers, { record }) {
  await stand.startRegistry();
  record(`start.${workers}`, stand.readyAfterMs);
}

async function timeOf(stand, path) {
  const begin = performance.now();
  const answer = await fetch(stand.httpUri + path);
  const body = await answer.json();
  const took = performance.now() - begin;
  if (answer.status !== 200) {
    throw new Error(`${path}: ${JSON.stringify(body)}`);
  }
  return { took, body };
}

async function measureFind(stand, workers, name, { record }) {
  const { filter, matching = (free) => free } = SEARCHES[name];
  const wanted = Math.min(PAGE, matching(workers - Math.ceil(workers / 10)));
  for (let i = 0; i < ASKED; i++) {
    const { took, body } = await timeOf(stand, `${API}/workers/find?${filter}&limit=${PAGE}`);
    if (body.workers.length > wanted || (body.workers.length < wanted && body.cursor === undefined)) {
      throw new Error(`find ${filter} has found ${body.workers.length} of ${wanted}`);
    }
    record(`find.${workers}.${name}`, took);
  }
}

async function measureQuestions(stand, workers, context) {
  for (const name of Object.keys(SEARCHES)) {
    await measureFind(stand, workers, name, context);
  }
  for (let i = 0; i < ASKED; i++) {
    context.record(`statistics.${workers}`, (await timeOf(stand, `${API}/health/system`)).took);
  }
}

// One round after the other: musterd and the counting subscriber hear the same messages.
async function measureCost(stand, workers, { sizes, rounds: count, record }) {
  const counter = counterOf(stand, 0);
  await counter.said('subscribed');
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
  await counter.stop();
}

// Until all have heartbeaten once: the append-only file has been rewritten before, by a copy of the process, and whoever
// writes to a page first since then pays for it.
async function startHeartbeats(stand, workers, { sizes, record }) {
  const redis = { redis: stand.redisServer.pid };
  const fleet = stand.loaded(workers, sizes.costRate);
  const before = await take(stand, redis);
  while ((await stand.metric(HEARTBEATS)) < before.heartbeats + workers * BEATING) {
    await sleep(100);
  }
  const after = await take(stand, redis);
  record(`fleet.${workers}.redisFirst`, (after.redis - before.redis) / (after.heartbeats - before.heartbeats));
  return fleet;
}

async function stopHeartbeats(fleet, workers, { record }) {
  const { cpu, heartbeats } = await fleet.stop();
  record(`fleet.${workers}.sim`, (cpu.processMs * 1000) / heartbeats.sent);
}

// As if Redis had come back with less than what was told: every status is told again, while the fleet heartbeats.
async function measureTellingAgain(stand, workers, { sizes, record }) {
  await stopRegistry(stand);
  await stand.redis.del(MEMORY);
  const witness = counterOf(stand, 0, 'bench-witness', 'muster/v1/status/+');
  await witness.said('subscribed');
  await stand.startRegistry();
  record(`start.${workers}.again`, stand.readyAfterMs);
  const { heartbeats } = await stand.askers('again', sizes.seconds * 2).result();
  const { messagesPerSecond } = await witness.stop();
  record(`again.${workers}.rate`, messagesPerSecond);
  record(`again.${workers}.heartbeatsP99`, heartbeats.latency.p99Ms);
  record(`resident.${workers}.again`, residentBytes(stand.musterd.pid));
}

export async function measure(context) {
  const { record, log } = context;
  for (const { workers, ...silence } of context.sizes.fleets) {
    const stand = new Stand();
    await settleEmpty(stand);
    const emptyBytes = await usedBytes(stand);
    log(`${workers} workers are loaded`);
    record(`load.${workers}`, (await stand.load(workers)).tookMs);
    await measureMemory(stand, workers, emptyBytes, context);
    await stand.redis.xtrim(EVENTS, 'MAXLEN', 0); // they have registered long ago
    log(`${workers} workers: start and questions`);
    await measureStart(stand, workers, context);
    await measureQuestions(stand, workers, context);
    log(`${workers} workers heartbeat`);
    const fleet = await startHeartbeats(stand, workers, context);
    await measureCost(stand, workers, context);
    if (silence.silent) {
      log(`${workers} workers, ${silence.silent} of them silent`);
      await measureSilence(stand, { workers, ...silence }, context);
    }
    record(`resident.${workers}.before`, residentBytes(stand.musterd.pid));
    log(`${workers} workers: all statuses are told again`);
    await measureTellingAgain(stand, workers, context);
    await stopHeartbeats(fleet, workers, context);
    await stand.end();
  }
}
