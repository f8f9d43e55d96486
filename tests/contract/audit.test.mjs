// audit.test.mjs -- every kind of entry in the event stream, also those that no topic tells, is as topics/schemas have it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newClosedValidator, readSchema } from './contract.mjs';
import { PREFIX } from './openapi.mjs';
import { World, until } from '../support/world.mjs';

let world;

before(async () => {
  world = new World();
  await world.startBroker();
  await world.startRedis();
  await world.startRegistry([
    'worker.min_heartbeat_timeout_ms=100',
    'health.check_interval_ms=100',
    'health.cleanup_threshold_ms=600000',
    'brake.min_workers=2',
  ]);
});

after(() => world.stop());

async function ask(method, path, body) {
  const url = `http://127.0.0.1:${world.httpPort}${PREFIX}${path}`;
  const response = await fetch(url, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  return response.json();
}
const register = (workerId, fields) =>
  ask('POST', '/register', { workerId, name: workerId, maxConcurrentJobs: 2, zone: 'z1', ...fields });
const statusOf = async (workerId) => (await ask('GET', `/${workerId}/status`)).worker;

test('what operators do and what is refused is told as the schemas say', async () => {
  const missing = ['a', 'b', 'c'];
  for (const workerId of missing) {
    await register(workerId, { heartbeatTimeoutMs: 300 });
  }
  await register('refused', { name: '' });
  await until('the brake', async () => (await ask('GET', '/alerts')).alerts.some(({ rule }) => rule === 'brake'));
  for (const workerId of missing) {
    await until('the silence', async () => (await statusOf(workerId)).health === 'UNHEALTHY');
  }
  // Whoever is counted as missing only after a release raises the brake again.
  for (const workerId of missing) {
    await until('the failure', async () => {
      assert.equal((await ask('POST', '/brake/release?reason=Power%20cut')).success, true);
      return (await statusOf(workerId)).health === 'FAILED';
    });
  }
  await ask('POST', '/a/recover?reason=Back');
  await ask('POST', '/cleanup/failed?workerId=b&reason=Gone');
  await ask('POST', '/b/forget?reason=Gone');
  await ask('POST', '/health/check?reason=A%20look');
  await ask('POST', '/a/maintain?reason=New%20disks');
  await ask('POST', '/a/drain');
  const { events } = await ask('GET', '/events?limit=1000');
  const { ajv, compile } = newClosedValidator();
  const accepts = { event: compile({ $ref: 'event.json' }), audit: compile({ $ref: 'audit.json' }) };
  for (const event of events) {
    const kind = event.revision === undefined ? 'audit' : 'event';
    assert.ok(accepts[kind](event), `${ajv.errorsText(accepts[kind].errors)} in ${JSON.stringify(event)}`);
  }
  const told = new Set(events.map(({ type }) => type));
  for (const type of readSchema('common.json').definitions.auditType.enum) {
    assert.ok(told.has(type), `${type} is not told`);
  }
  const released = new Set(events.flatMap(({ type, evidence }) => (type === 'brake_released' ? evidence.scope : [])));
  assert.deepEqual([...released].sort(), ['fleet', 'zone:z1']);
});
