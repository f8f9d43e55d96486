// agent.test.mjs -- what muster-agent says, as another client and another MessagePack implementation see it on the broker.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decode } from '@msgpack/msgpack';
import { newClosedValidator } from './contract.mjs';
import { World, binaries, until } from '../support/world.mjs';

const TIMEOUT_S = 30;
const ID = 'foreign-1';
const flags = ['--id', ID, '--name', 'One', '--capacity', '3', '--tags', 'a,b', '--capabilities', 'java,go', '--zone', 'z'];
const times = ['--heartbeat-interval-ms', '100', '--heartbeat-timeout-ms', String(TIMEOUT_S * 1000)];

let world;
let watcher;
let heard = '';

before(async () => {
  world = new World();
  await world.startBroker();
  await world.startRedis();
  await world.startRegistry();
  const format = ['-q', '1', '--retain-as-published', '-F', '%t\t%q\t%r\t%C\t%E\t%R\t%x'];
  const place = ['-V', '5', '-h', '127.0.0.1', '-p', String(world.mqttPort)];
  watcher = spawn('mosquitto_sub', [...place, '-t', 'muster/v1/worker/#', '-t', 'muster/v1/canary', ...format]);
  watcher.stdout.on('data', (chunk) => (heard += chunk));
  await until('the subscription', () => heard.includes('canary'));
});

after(async () => {
  watcher?.kill();
  await world.stop();
});

const messages = (verb) =>
  heard
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'))
    .filter(([topic]) => topic === `muster/v1/worker/${ID}/${verb}`)
    .map(([, qos, retained, contentType, expiry, responseTopic, hex]) => ({
      qos: Number(qos),
      retained: retained === '1',
      contentType,
      expiry,
      responseTopic,
      bytes: Buffer.from(hex, 'hex'),
    }));

// The first such message since the mark, which has to be as the schema and the table of topics have it.
async function says(verb, schema, since = 0, isIt = () => true) {
  const find = () =>
    messages(verb)
      .slice(since)
      .find(({ bytes }) => isIt(decode(bytes)));
  await until(verb, () => find() !== undefined);
  const message = find();
  const { ajv, compile } = newClosedValidator();
  const accepts = compile({ $ref: schema });
  const document = decode(message.bytes);
  assert.ok(message.bytes[0] >= 0x80, 'it is MessagePack');
  assert.ok(accepts(document), `${ajv.errorsText(accepts.errors)} in ${JSON.stringify(document)}`);
  assert.equal(message.contentType, 'application/msgpack');
  assert.equal(message.retained, false);
  return { ...message, document };
}

const start = () =>
  spawn(join(binaries, 'muster-agent'), ['--uri', `tcp://127.0.0.1:${world.mqttPort}`, ...flags, ...times], {
    stdio: 'ignore',
  });
const isOwnReplyTopic = (topic) => topic.startsWith(`muster/v1/reply/worker/${ID}`);

test('a registration, heartbeats that expire with the timeout, and the will of one that is killed', async () => {
  const agent = start();
  const registration = await says('register', 'registration.json');
  assert.equal(registration.qos, 1);
  assert.ok(isOwnReplyTopic(registration.responseTopic), registration.responseTopic);
  const { bootId, connection, maxConcurrentJobs, heartbeatTimeoutMs } = registration.document;
  assert.deepEqual([maxConcurrentJobs, heartbeatTimeoutMs, connection], [3, TIMEOUT_S * 1000, 1]);
  const heartbeat = await says('heartbeat', 'heartbeat.json', 0, ({ epoch }) => epoch !== undefined);
  assert.equal(heartbeat.qos, 0);
  assert.ok(Number(heartbeat.expiry) > 0 && Number(heartbeat.expiry) <= TIMEOUT_S, heartbeat.expiry);
  assert.equal(heartbeat.document.bootId, bootId);
  assert.ok(heartbeat.document.memoryUsage > 0 && heartbeat.document.memoryUsage < 100);
  const next = await says('heartbeat', 'heartbeat.json', 0, ({ seq }) => seq > heartbeat.document.seq);
  assert.ok(next.document.sentAt > heartbeat.document.sentAt);
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  const will = await says('will', 'will.json');
  assert.equal(will.qos, 1);
  assert.deepEqual(will.document, { bootId, connection });
});

test('another start has another boot, and says goodbye on SIGTERM without a will', async () => {
  const earlier = { register: messages('register'), will: messages('will') };
  const agent = start();
  const registration = await says('register', 'registration.json', earlier.register.length);
  assert.notEqual(registration.document.bootId, decode(earlier.register[0].bytes).bootId);
  await says('heartbeat', 'heartbeat.json', 0, ({ bootId }) => bootId === registration.document.bootId);
  agent.kill('SIGTERM');
  const [status] = await once(agent, 'exit');
  assert.equal(status, 0);
  const goodbye = await says('deregister', 'deregistration.json');
  assert.equal(goodbye.qos, 1);
  assert.ok(isOwnReplyTopic(goodbye.responseTopic), goodbye.responseTopic);
  assert.equal(goodbye.document.bootId, registration.document.bootId);
  assert.equal(messages('will').length, earlier.will.length);
});
