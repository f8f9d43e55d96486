// publication.test.mjs -- how the running daemon publishes, in either encoding, as another client and another MessagePack
// implementation see it: QoS, retained flag, expiry and content type of each topic as topics/asyncapi.yaml has them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import { newClosedValidator, readAsyncapi } from './contract.mjs';
import { World, until } from '../support/world.mjs';

const ROOT = 'muster/v1/';
const encodings = {
  json: { encode: (value) => Buffer.from(JSON.stringify(value)), decode: (bytes) => JSON.parse(bytes.toString()) },
  msgpack: { encode: (value) => Buffer.from(encode(value)), decode },
};
const settings = (encoding) => [
  `publish.encoding=${encoding}`,
  'publish.system_interval_ms=200',
  'gateways.gw-1=edge-*',
  'alert.crowded.metric=totalWorkers',
  'alert.crowded.value=1',
];

const asyncapi = readAsyncapi();
const at = ({ $ref }) =>
  $ref
    .replace('#/', '')
    .split('/')
    .reduce((place, name) => place[name], asyncapi);
const sent = Object.values(asyncapi.operations)
  .filter(({ action }) => action === 'send')
  .map(({ channel, bindings }) => {
    const { address, messages } = at(channel);
    const below = address.includes('/reply/') ? '(/.*)?' : '';
    return {
      address,
      filter: new RegExp(`^${address.replace(/\{\w+\}/g, '[^/]+')}${below}$`),
      bindings: at(bindings).mqtt,
      files: Object.values(messages).flatMap((message) => at(at(message).$ref ? at(message) : message).payload?.$ref ?? []),
    };
  });

class Fleet {
  constructor(world, encoding) {
    this.world = world;
    this.encoding = encoding;
    this.heard = '';
  }

  placed(...args) {
    return ['-V', '5', '-h', '127.0.0.1', '-p', String(this.world.mqttPort), '-q', '1', ...args];
  }

  async listen() {
    const format = ['--retain-as-published', '-F', '%t\t%q\t%r\t%C\t%E\t%x'];
    this.watcher = spawn('mosquitto_sub', this.placed('-t', `${ROOT}#`, ...format));
    this.watcher.stdout.on('data', (chunk) => (this.heard += chunk));
    await until('the subscription', () => this.heard.includes('canary'));
  }

  messages() {
    return this.heard
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [topic, qos, retained, contentType, expiry, hex] = line.split('\t');
        return { topic, qos: Number(qos), retained: retained === '1', contentType, expiry, bytes: Buffer.from(hex, 'hex') };
      })
      .filter(({ topic }) => !/^muster\/v1\/(worker|gateway|request)\//.test(topic));
  }

  async hears(topic, isIt = () => true) {
    await until(topic, () =>
      this.messages().some((message) => message.topic === ROOT + topic && message.bytes.length > 0 && isIt(this.read(message))),
    );
  }

  // The topic's content type says how; that it is the right one is looked at in the end.
  read({ contentType, bytes }) {
    return encodings[contentType.replace('application/', '')].decode(bytes);
  }

  say(topic, value, ...properties) {
    const input = encodings[this.encoding].encode(value);
    const done = spawnSync('mosquitto_pub', this.placed('-t', ROOT + topic, '-s', ...properties), { input });
    assert.equal(done.status, 0, done.stderr.toString());
  }

  // Each topic on which the registry speaks is spoken on.
  async live() {
    this.say('worker/w1/register', { name: 'One', maxConcurrentJobs: 2, bootId: 'b', connection: 1, zone: 'z' });
    await this.hears('reply/worker/w1', ({ code }) => code === 'ok');
    this.say('worker/w2/register', { name: 'Two', maxConcurrentJobs: 2 });
    this.say('worker/w1/heartbeat', { status: 'BUSY', jobs: ['j1'], cpuUsage: 12.5, seq: 1 });
    await this.hears('event/status/w1', ({ to }) => to.status === 'BUSY');
    await this.hears('alert/crowded', ({ state }) => state === 'raised');
    this.say('worker/w1/will', { bootId: 'b', connection: 1 });
    await this.hears('event/unhealthy/w1', ({ reason }) => reason === 'connection_lost');
    this.say('request/op/ping', { workerId: 'w1', reason: 'Well?' });
    await this.hears('command/w1', ({ command, by }) => command === 'ping' && by === 'op');
    await this.hears('reply/client/op', ({ code }) => code === 'ok');
    this.say('gateway/gw-1/register', { workers: [{ workerId: 'edge-1', name: 'E', maxConcurrentJobs: 1 }] });
    await this.hears('reply/gateway/gw-1', ({ accepted }) => accepted === 1);
    this.say('worker/w1/deregister', { forceDeregister: true });
    await until('the end of the status', () =>
      this.messages().some(({ topic, bytes }) => topic === `${ROOT}status/w1` && bytes.length === 0),
    );
    await this.hears('system', ({ totalWorkers, timestamp }) => totalWorkers === 2 && timestamp > 1e12);
  }

  async die(daemon, name) {
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    await this.hears(`registry/${name}`, ({ state }) => state === 'offline');
  }
}

const { ajv, compile } = newClosedValidator();
const validators = new Map(
  sent.map(({ address, files }) => [address, compile({ anyOf: files.map((file) => ({ $ref: file.split('/').pop() })) })]),
);

function check(message, encoding, read) {
  const operation = sent.find(({ filter }) => filter.test(message.topic));
  assert.ok(operation, `${message.topic} is no topic of the registry`);
  const { qos, retain, messageExpiryInterval: expiry } = operation.bindings;
  const isEmpty = message.bytes.length === 0;
  const said = `${message.topic} ${JSON.stringify({ ...message, bytes: message.bytes.toString('hex').slice(0, 80) })}`;
  assert.equal(message.qos, qos, said);
  assert.equal(message.retained, retain, said);
  if (isEmpty) {
    assert.ok(retain, said);
    assert.equal(message.contentType, '', said);
    return operation.address;
  }
  assert.equal(message.contentType, `application/${message.topic.endsWith('/canary') ? 'json' : encoding}`, said);
  assert.equal(message.bytes[0] >= 0x80, message.contentType === 'application/msgpack', said);
  assert.equal(message.expiry !== '', expiry !== undefined, said);
  assert.ok(message.expiry === '' || (Number(message.expiry) > expiry - 30 && Number(message.expiry) <= expiry), said);
  const accepts = validators.get(operation.address);
  assert.ok(accepts(read(message)), `${ajv.errorsText(accepts.errors)} in ${said}`);
  return operation.address;
}

for (const encoding of Object.keys(encodings)) {
  test(`with publish.encoding = ${encoding} each topic has its QoS, retained flag, expiry and content type`, async () => {
    const world = new World();
    const fleet = new Fleet(world, encoding);
    try {
      await world.startBroker();
      await world.startRedis();
      const daemon = await world.startRegistry([...settings(encoding), 'daemon.instance=d1']);
      await fleet.listen();
      await fleet.live();
      await fleet.die(daemon, 'd1');
      const addresses = new Set(fleet.messages().map((message) => check(message, encoding, (each) => fleet.read(each))));
      assert.deepEqual([...addresses].sort(), sent.map(({ address }) => address).sort());
    } finally {
      fleet.watcher?.kill();
      await world.stop();
    }
  });
}
