// outflow.mjs -- the yardsticks of what musterd tells: a bare publisher of as many messages, as long, through the same broker. On
// an idle machine; beside the heartbeats of as many others, which somebody counts; and beside a musterd that takes these in. The
// events have the same witness as musterd's.
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

// How long it takes beside a fleet, in ms.
async function publishBeside(stand, events, fleet) {
  const witness = await startWitness(stand);
  const beating = stand.fleet('steady', { ...fleet, duration: LONGEST_S });
  await sleep(WARM_UP_MS);
  const { ms } = await publishAll(stand, events);
  await beating.stop();
  const { messages } = await witness.stop();
  if (messages !== events) {
    throw new Error(`${messages} of ${events} events reached the witness`);
  }
  return ms;
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
  record('outflow.besideMs', await publishBeside(stand, dying, { ...steadyOthers(others), unregistered: true, epoch: 1 }));
  const { messagesPerSecond } = await counter.stop();
  record('outflow.besideRate', messagesPerSecond);
  await stand.end();
}

async function measureBesideMusterd({ dying, others }, record) {
  const stand = new Stand();
  await stand.startAll();
  const fleet = steadyOthers(others);
  await stand.fleet('steady', { ...fleet, duration: 0.1 }).result();
  await stand.settle();
  record('outflow.besideMusterdMs', await publishBeside(stand, dying, fleet));
  await stand.end();
}

export async function measure({ sizes, record }) {
  await measureBesideCounter(sizes.death, record);
  await measureBesideMusterd(sizes.death, record);
}
