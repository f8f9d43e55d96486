// outflow.mjs -- the yardstick of what musterd tells: a bare publisher of as many messages, as long, through the same broker.
import { join } from 'node:path';
import { binaries } from '../../support/world.mjs';
import { Program, Stand, cpuUs } from '../stand.mjs';

export const title = 'Bare publisher';
export const rounds = 'shared';

export async function measure({ sizes, record }) {
  const events = sizes.death.dying;
  const stand = new Stand();
  await stand.startBroker();
  const usedBefore = cpuUs(stand.broker.pid);
  const publisher = new Program(join(binaries, 'bench_publisher'), ['--uri', stand.mqttUri, '--events', String(events), '--json']);
  const { messages, seconds, cpuUsPerMessage } = await publisher.result();
  record('outflow.bareMs', seconds * 1000);
  record('outflow.cost.publisher', cpuUsPerMessage);
  record('outflow.cost.broker', (cpuUs(stand.broker.pid) - usedBefore) / messages);
  await stand.end();
}
