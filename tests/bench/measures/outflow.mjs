// outflow.mjs -- the yardstick of what musterd tells: a bare publisher of as many messages, as long, through the same broker; on
// an idle machine, and beside the same heartbeats of others, which somebody counts, with the same witness of the events.
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

export async function measure({ sizes, record }) {
  const { dying, others } = sizes.death;
  const stand = new Stand();
  await stand.startBroker();
  const { ms, publisherUs, brokerUs } = await publishAll(stand, dying);
  record('outflow.bareMs', ms);
  record('outflow.cost.publisher', publisherUs);
  record('outflow.cost.broker', brokerUs);
  const counter = new Program(join(binaries, 'bench_counter'), ['--uri', stand.mqttUri, '--json']);
  await counter.said('subscribed');
  const witness = await startWitness(stand);
  const fleet = stand.fleet('steady', { ...steadyOthers(others), unregistered: true, epoch: 1, duration: LONGEST_S });
  await sleep(WARM_UP_MS);
  const beside = await publishAll(stand, dying);
  record('outflow.besideMs', beside.ms);
  await fleet.stop();
  const { messagesPerSecond } = await counter.stop();
  const { messages } = await witness.stop();
  record('outflow.besideRate', messagesPerSecond);
  if (messages !== dying) {
    throw new Error(`${messages} of ${dying} events reached the witness`);
  }
  await stand.end();
}
