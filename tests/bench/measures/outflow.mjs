// outflow.mjs -- the yardsticks of a mass death. Of what musterd tells: a bare publisher of as many messages, as long, through
// the same broker; on an idle machine, beside the heartbeats of as many others, which somebody counts, and beside a musterd that
// takes these in. The events have the same witness as musterd's. Of what it notices: as many steps by plain commands, beside that.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binaries } from '../../support/world.mjs';
import { Program, Stand, cpuUs } from '../stand.mjs';
import { startWitness, steadyOthers } from './death.mjs';

export const title = 'Bare publisher';
export const rounds = 'shared';

const LONGEST_S = 3600;
const WARM_UP_MS = 2000;

async function publishAll(stand, events) {
  const usedBefore = cpuUs(stand.broker.pid);
  const publisher = new Program(join(binaries, 'bench_publisher'), ['--uri', stand.mqttUri, '--events', String(events), '--json']);
  const { messages, seconds, cpuUsPerMessage } = await publisher.result();
  return { ms: seconds * 1000, publisherUs: cpuUsPerMessage, brokerUs: (cpuUs(stand.broker.pid) - usedBefore) / messages };
}

// Does something beside a fleet of steady workers; returns what it found, and how the others fared.
async function beside(stand, fleet, something) {
  const beating = stand.fleet('steady', { ...fleet, duration: LONGEST_S });
  await sleep(WARM_UP_MS);
  const found = await something();
  const { heartbeats } = await beating.stop();
  return { ...found, othersP99: heartbeats.latency.p99Ms };
}

async function publishBeside(stand, events, fleet) {
  const witness = await startWitness(stand);
  const found = await beside(stand, fleet, () => publishAll(stand, events));
  const { messages } = await witness.stop();
  if (messages !== events) {
    throw new Error(`${messages} of ${events} events reached the witness`);
  }
  return found;
}

async function measureBesideCounter({ dying, others }, record) {
  const stand = new Stand();
  await stand.startBroker();
  const { ms, publisherUs, brokerUs } = await publishAll(stand, dying);
  record('outflow.bareMs', ms);
  record('outflow.cost.publisher', publisherUs);
  record('outflow.cost.broker', brokerUs);
  const counter = new Program(join(binaries, 'bench_counter'), ['--uri', stand.mqttUri, '--json']);
  await counter.said('subscribed');
  const fleet = { ...steadyOthers(others), ask: 0, unregistered: true, epoch: 1 };
  record('outflow.besideMs', (await publishBeside(stand, dying, fleet)).ms);
  const { messagesPerSecond } = await counter.stop();
  record('outflow.besideRate', messagesPerSecond);
  await stand.end();
}

// As many first failures by plain commands in a Redis of their own, while musterd's has the others' heartbeats.
async function failAll(workers) {
  const { floor_ms: ms } = await new Program(join(binaries, 'bench_steps'), ['--json', '--bare', String(workers)]).result();
  return { ms };
}

async function measureBesideMusterd({ dying, others }, record) {
  const stand = new Stand();
  await stand.startAll();
  const fleet = steadyOthers(others);
  await stand.fleet('steady', { ...fleet, duration: 0.1 }).result();
  await stand.settle();
  const published = await publishBeside(stand, dying, fleet);
  record('outflow.besideMusterdMs', published.ms);
  record('outflow.othersP99', published.othersP99);
  const failed = await beside(stand, fleet, () => failAll(dying));
  record('outflow.failedMs', failed.ms);
  await stand.end();
}

export async function measure({ sizes, record }) {
  await measureBesideCounter(sizes.death, record);
  await measureBesideMusterd(sizes.death, record);
}
