// acl.test.mjs -- topics/acl in a real mosquitto: who may publish where, and whose messages reach whom.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { read } from './contract.mjs';
import { World } from '../support/world.mjs';

const PASSWORD = 'secret';
const ROOT = 'muster/v1/';
const USERS = ['w1', 'w2', 'musterd', 'operator', 'observer', 'gateway-1', 'tester'];
const GRANTED = [0, 16]; // success; success, and nobody has subscribed
const NOT_AUTHORIZED = 135;

let world;
let broker;

// Access as on a network.
function writeAccess() {
  writeFileSync(join(world.folder, 'acl'), `${read('topics/acl')}\nuser tester\ntopic readwrite #\n`);
  writeFileSync(join(world.folder, 'passwords'), USERS.map((user) => `${user}:${PASSWORD}\n`).join(''));
  const hashed = spawnSync('mosquitto_passwd', ['-U', join(world.folder, 'passwords')]);
  assert.equal(hashed.status, 0, String(hashed.error ?? hashed.stderr));
  return `acl_file ${world.folder}/acl\npassword_file ${world.folder}/passwords\n`;
}

before(async () => {
  world = new World();
  broker = await world.startBroker(writeAccess(), { anonymous: false });
});

after(() => world.stop());

const client = (user) => ['-V', '5', '-h', '127.0.0.1', '-p', String(world.mqttPort), '-u', user, '-P', PASSWORD];

// The reason code of the broker's PUBACK.
function publish(user, topic) {
  const done = spawnSync('mosquitto_pub', [...client(user), '-q', '1', '-t', ROOT + topic, '-m', topic, '-d'], {
    encoding: 'utf8',
  });
  const puback = done.stdout?.match(/received PUBACK \(Mid: \d+, RC:(\d+)\)/);
  assert.ok(puback, `${user} on ${topic}: ${done.error ?? done.stdout + done.stderr}`);
  return Number(puback[1]);
}

// What reaches the user of messages on the topics, in order. They wait in its session; as many are fetched as should be
// there, and those that should not come first: one that gets through takes the place of another.
function heard(user, others, own) {
  const session = [...client(user), '-i', `session-of-${user}`, '-c', '-x', '60', '-q', '1', '-t', `${ROOT}#`];
  const subscribed = spawnSync('mosquitto_sub', [...session, '-E'], { encoding: 'utf8' });
  assert.equal(subscribed.status, 0, subscribed.error ?? subscribed.stderr);
  for (const topic of [...others, ...own]) {
    assert.ok(GRANTED.includes(publish('tester', topic)), topic);
  }
  const fetched = spawnSync('mosquitto_sub', [...session, '-C', String(own.length), '-W', '5', '-F', '%t'], {
    encoding: 'utf8',
  });
  return fetched.stdout
    .split('\n')
    .filter(Boolean)
    .map((topic) => topic.replace(ROOT, ''));
}

const WORKER_TOPICS = ['register', 'heartbeat', 'deregister', 'will'];
const OF_REGISTRY = [
  'status/w1',
  'event/failed/w1',
  'system',
  'alert/brake',
  'registry/host-1',
  'canary',
  'command/w1',
  'reply/worker/w1',
  'reply/client/operator',
  'reply/gateway/gateway-1',
];

test('a worker may speak under its own id', () => {
  for (const name of WORKER_TOPICS) {
    assert.ok(GRANTED.includes(publish('w1', `worker/w1/${name}`)), name);
  }
});

test('a worker that speaks as another is refused', () => {
  for (const name of WORKER_TOPICS) {
    assert.equal(publish('w1', `worker/w2/${name}`), NOT_AUTHORIZED, name);
  }
});

test('a worker that speaks as an operator, a gateway or the registry is refused', () => {
  for (const topic of ['request/operator/list', 'request/w1/list', 'gateway/gateway-1/register', ...OF_REGISTRY]) {
    assert.equal(publish('w1', topic), NOT_AUTHORIZED, topic);
  }
});

test('an operator may ask under its own name and under no other', () => {
  assert.ok(GRANTED.includes(publish('operator', 'request/operator/list')));
  for (const topic of ['request/other/list', 'worker/w1/register', 'gateway/gateway-1/register', ...OF_REGISTRY]) {
    assert.equal(publish('operator', topic), NOT_AUTHORIZED, topic);
  }
});

test('a gateway may speak under its own name and under no other', () => {
  assert.ok(GRANTED.includes(publish('gateway-1', 'gateway/gateway-1/register')));
  for (const topic of ['gateway/gateway-2/register', 'worker/w1/register', 'request/operator/list', ...OF_REGISTRY]) {
    assert.equal(publish('gateway-1', topic), NOT_AUTHORIZED, topic);
  }
});

test('an observer that says anything is refused', () => {
  for (const topic of ['worker/w1/register', 'request/operator/list', 'request/observer/list', ...OF_REGISTRY]) {
    assert.equal(publish('observer', topic), NOT_AUTHORIZED, topic);
  }
});

test('the registry may say what is its own, and not speak as a worker or an operator', () => {
  for (const topic of OF_REGISTRY) {
    assert.ok(GRANTED.includes(publish('musterd', topic)), topic);
  }
  for (const topic of ['worker/w1/register', 'request/operator/list', 'gateway/gateway-1/register']) {
    assert.equal(publish('musterd', topic), NOT_AUTHORIZED, topic);
  }
});

test('the registry hears workers, gateways, operators, its canary, and what the broker keeps of its own', () => {
  const own = [
    'worker/w1/register',
    'worker/w2/heartbeat',
    'gateway/gateway-1/will',
    'request/operator/list',
    'canary',
    'system',
    'alert/brake',
    'status/w1',
  ];
  assert.deepEqual(heard('musterd', ['reply/worker/w1', 'event/failed/w1'], own), own);
});

test('a worker hears its own replies and commands, and nothing of others', () => {
  const others = [
    'reply/worker/w2',
    'reply/client/operator',
    'command/w2',
    'worker/w2/register',
    'worker/w1/register',
    'status/w1',
    'event/failed/w1',
    'canary',
  ];
  const own = ['reply/worker/w1', 'reply/worker/w1/5', 'command/w1'];
  assert.deepEqual(heard('w1', others, own), own);
});

const TOLD_TO_ALL = ['status/w1', 'event/failed/w1', 'system', 'alert/brake', 'registry/host-1'];

test('an operator hears its own replies and what is told to all', () => {
  const own = ['reply/client/operator', 'reply/client/operator/5', ...TOLD_TO_ALL];
  const others = [
    'reply/worker/w1',
    'reply/client/other',
    'command/w1',
    'worker/w1/register',
    'request/other/list',
    'canary',
  ];
  assert.deepEqual(heard('operator', others, own), own);
});

test('an observer hears what is told to all and nothing else', () => {
  const others = [
    'reply/worker/w1',
    'reply/client/operator',
    'command/w1',
    'worker/w1/register',
    'request/operator/list',
    'canary',
  ];
  assert.deepEqual(heard('observer', others, TOLD_TO_ALL), TOLD_TO_ALL);
});

test('a gateway hears its own replies and nothing of others', () => {
  const own = ['reply/gateway/gateway-1', 'reply/gateway/gateway-1/5'];
  const others = ['reply/gateway/gateway-2', 'reply/worker/w1', 'command/w1', 'status/w1', 'event/failed/w1'];
  assert.deepEqual(heard('gateway-1', others, own), own);
});

test('mosquitto.conf has its listener on a line of its own, on this host only', () => {
  assert.deepEqual(read('mosquitto.conf').match(/^listener .*$/gm), ['listener 1883 127.0.0.1']);
});

// The head of the file warns of these: they are how mosquitto behaves, and a reason for the grammar of ids.
test('a user name with a wildcard may do nothing', async () => {
  const name = spawnSync('mosquitto_passwd', ['-b', join(world.folder, 'passwords'), '+', PASSWORD]);
  assert.equal(name.status, 0);
  broker.kill('SIGHUP');
  const deadline = Date.now() + 5000;
  let code;
  while (code === undefined && Date.now() < deadline) {
    await sleep(50);
    const done = spawnSync(
      'mosquitto_pub',
      [...client('+'), '-q', '1', '-t', `${ROOT}worker/w1/register`, '-m', 'x', '-d'],
      { encoding: 'utf8' },
    );
    code = done.stdout.match(/PUBACK \(Mid: \d+, RC:(\d+)\)/)?.[1];
  }
  assert.equal(Number(code), NOT_AUTHORIZED);
});
