// mqtt.test.mjs -- the running daemon against topics/asyncapi.yaml: every request is asked, and every message that the
// registry sends meanwhile, on whatever topic, is one of those that the document has for it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { newClosedValidator, readAsyncapi } from './contract.mjs';
import { World, until } from '../support/world.mjs';

const ROOT = 'muster/v1/';
const settings = [
  'worker.heartbeat_timeout_ms=60000',
  'health.check_interval_ms=200',
  'health.cleanup_threshold_ms=600000',
  'publish.system_interval_ms=200',
  'gateways.gw-1=edge-*',
  'alert.crowded.metric=totalWorkers',
  'alert.crowded.value=3',
];

const asyncapi = readAsyncapi();
const at = (object) =>
  object.$ref === undefined
    ? object
    : object.$ref
        .replace('#/', '')
        .split('/')
        .reduce((place, name) => place[name], asyncapi);
const channels = Object.entries(asyncapi.channels).map(([name, { address, messages }]) => ({
  name,
  address,
  filter: new RegExp(`^${address.replace(/\{\w+\}/g, '[^/]+')}${address.includes('/reply/') ? '(/.*)?' : ''}$`),
  messages: Object.entries(messages).map(([id, message]) => ({
    id,
    file: at(at(message)).payload?.$ref.split('/').pop(),
  })),
}));
const ofRegistry = channels.filter(({ address }) => !/^muster\/v1\/(worker|gateway|request)\//.test(address));

let world;
let watcher;
let heard = '';

const placed = (...args) => ['-h', '127.0.0.1', '-p', String(world.mqttPort), ...args];
const messagesHeard = () =>
  heard
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [topic, ...payload] = line.split(' ');
      return { topic, payload: payload.join(' ') };
    });
const wasHeard = (topic, pattern = /./) =>
  messagesHeard().some((message) => message.topic === ROOT + topic && pattern.test(message.payload));

function say(topic, payload) {
  const text = payload === undefined ? ['-n'] : ['-m', JSON.stringify(payload)];
  const done = spawnSync('mosquitto_pub', placed('-q', '1', '-t', ROOT + topic, ...text), { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
}

before(async () => {
  world = new World();
  await world.startBroker();
  await world.startRedis();
  await world.startRegistry(settings);
  watcher = spawn('mosquitto_sub', placed('-t', `${ROOT}#`, '-F', '%t %p'));
  watcher.stdout.on('data', (chunk) => (heard += chunk));
  await until('the subscription', () => wasHeard('canary'));
});

after(async () => {
  watcher?.kill();
  await world.stop();
});

function askFor(verb, parameters) {
  const topics = ['-t', `${ROOT}request/tester/${verb}`, '-e', `${ROOT}reply/client/tester/${verb}`];
  const text = ['-m', JSON.stringify({ ...parameters, requestId: verb })];
  const done = spawnSync('mosquitto_rr', placed('-V', '5', '-q', '1', '-W', '20', ...topics, ...text), {
    encoding: 'utf8',
  });
  assert.equal(done.status, 0, `${verb}: ${done.stderr}`);
  return done.stdout;
}

// The worker of the tests: what it is told by a command it does not do.
const registration = (workerId) => ({
  workerId,
  name: `Worker ${workerId}`,
  maxConcurrentJobs: 4,
  requestId: `r-${workerId}`,
});

test('a worker lives and fails; all that is told of it is as it should be', async () => {
  say('worker/w1/register', registration('w1'));
  await until('the reply', () => wasHeard('reply/worker/w1', /"code":"ok"/));
  say('worker/w1/heartbeat', { status: 'BUSY', jobs: ['job-17'], seq: 1, requestId: 'h' });
  await until('the status', () => wasHeard('status/w1', /BUSY/));
  say('worker/w1/deregister', {});
  await until('the refusal', () => wasHeard('reply/worker/w1', /active_jobs/));
  say('worker/w1/heartbeat', { status: 'ERROR', message: 'disk full', errorCount: 3, seq: 2 });
  await until('the failure', () => wasHeard('event/failed/w1', /job-17/));
  say('worker/w2/register', { name: '' });
  await until('the refusal', () => wasHeard('reply/worker/w2', /validation_failed/));
  say('worker/w3/register', registration('w3'));
  say('worker/w3/will', {});
  await until('the will', () => wasHeard('event/unhealthy/w3', /connection_lost/));
});

test('a job that two hold, a new boot and an old one that still speaks, and a drain to its end', async () => {
  say('worker/d1/register', registration('d1'));
  say('worker/d2/register', registration('d2'));
  for (const id of ['d1', 'd2', 'd1', 'd2', 'd1']) {
    say(`worker/${id}/heartbeat`, { jobs: ['job-18'] });
  }
  await until('the dispute', () => wasHeard('event/unhealthy/d2', /jobs_inconsistent/));
  say('worker/d3/register', { ...registration('d3'), bootId: 'a' });
  say('worker/d3/heartbeat', { jobs: ['job-19'], bootId: 'a' });
  await until('the job', () => JSON.parse(askFor('status', { workerId: 'd3' })).worker.currentJobCount === 1);
  say('worker/d3/register', { ...registration('d3'), bootId: 'b' });
  await until('the takeover', () => wasHeard('event/registered/d3', /takeover/));
  say('worker/d3/heartbeat', { bootId: 'a', sentAt: Date.now() + 1000 });
  await until('the conflict', () => wasHeard('event/conflict/d3', /"bootId":"a"/));
  say('worker/d3/register', { ...registration('d3'), bootId: 'b', zone: 'z' });
  await until('the update', () => wasHeard('event/updated/d3'));
  say('worker/d3/heartbeat', { bootId: 'b', jobs: ['job-20'] });
  await until('the job', () => JSON.parse(askFor('status', { workerId: 'd3' })).worker.currentJobCount === 1);
  say('worker/d3/deregister', { bootId: 'b', drain: true, reason: 'New disks' });
  await until('the drain', () => wasHeard('event/draining/d3', /New disks/));
  say('worker/d3/heartbeat', { bootId: 'b', jobs: [] });
  await until('the end', () => wasHeard('event/deregistered/d3'));
});

test('a gateway speaks for its workers; each has its result', async () => {
  say('gateway/gw-1/register', {
    workers: [registration('edge-1'), registration('edge-2'), registration('w9')],
    requestId: 'g',
  });
  await until('the results', () => wasHeard('reply/gateway/gw-1', /"accepted":2,"refused":1|forbidden/));
  say('gateway/gw-1/heartbeat', [{ workerId: 'edge-1', status: 'BUSY', currentJobCount: 1 }, { workerId: 'edge-9' }]);
  await until('the refusal', () => wasHeard('reply/gateway/gw-1', /unknown_worker/));
  say('gateway/gw-1/deregister', { workers: [{ workerId: 'edge-2' }] });
  await until('the goodbye', () => wasHeard('event/deregistered/edge-2', /gateway/));
  say('gateway/gw-1/will', { workers: [{ workerId: 'edge-1' }] });
  await until('the will', () => wasHeard('event/unhealthy/edge-1', /connection_lost/));
});

// Enough of parameters that the request does something, and in an order in which each can.
const requests = [
  ['register', registration('c1')],
  ['register-batch', { workers: [registration('c2'), { workerId: 'c3' }] }],
  ['heartbeat', { workerId: 'c1', status: 'BUSY', currentJobCount: 1 }],
  ['status', { workerId: 'c1' }],
  ['health', { workerId: 'w1' }],
  ['health-summary', {}],
  ['system-health', {}],
  ['list', { limit: 2 }],
  ['find', { sort: 'freeCapacity', limit: 2 }],
  ['events', { limit: 5 }],
  ['alerts', {}],
  ['config', {}],
  ['ping', { workerId: 'c1', reason: 'Are you there?' }],
  ['reregister', { workerId: 'c1' }],
  ['maintain', { workerId: 'c2', reason: 'New disks' }],
  ['resume', { workerId: 'c2' }],
  ['recover', { workerId: 'w1' }],
  ['drain', { workerId: 'c1', reason: 'Going' }],
  ['force-deregister', { workerId: 'c1', reason: 'Gone' }],
  ['deregister', { workerId: 'c2' }],
  ['forget', { workerId: 'c2' }],
  ['check', {}],
  ['cleanup', {}],
  ['brake-release', {}],
  ['export', { limit: 2 }],
  ['import', { workers: [registration('c4'), {}] }],
];

test('every request is answered with ok, by the reply that the document has for it', () => {
  const verbs = channels.flatMap(({ address }) => address.match(/request\/\{client\}\/(.+)/)?.[1] ?? []);
  assert.deepEqual(requests.map(([verb]) => verb).sort(), verbs.sort());
  const { ajv, compile } = newClosedValidator();
  for (const [verb, parameters] of requests) {
    const text = askFor(verb, parameters);
    const reply = JSON.parse(text);
    assert.equal(reply.code, 'ok', `${verb}: ${text}`);
    assert.equal(reply.requestId, verb);
    const operation = Object.values(asyncapi.operations).find(({ channel }) =>
      at(channel).address.endsWith(`/{client}/${verb}`),
    );
    const file =
      at(at(operation.reply.messages[0])).payload?.$ref ?? at(at(at(operation.reply.messages[0]))).payload.$ref;
    const accepts = compile({ $ref: file.split('/').pop() });
    assert.ok(accepts(reply), `${verb}: ${ajv.errorsText(accepts.errors)} in ${text}`);
  }
});

test('a request that is none is answered too', async () => {
  say('request/tester/no-such-verb', {});
  await until('the reply', () => wasHeard('reply/client/tester', /not_found/));
});

test('statistics, alerts and presence are retained', async () => {
  await until('the alert', () => wasHeard('alert/crowded', /raised/));
  await until('the alert of the failure', () => wasHeard('alert/worker_failed', /raised/));
  for (const topic of ['system', 'alert/crowded', 'registry/+', 'status/w3']) {
    const done = spawnSync('mosquitto_sub', placed('-t', ROOT + topic, '-C', '1', '-W', '5', '-F', '%r'), {
      encoding: 'utf8',
    });
    assert.equal(done.stdout.trim(), '1', topic);
  }
});

test('everything that the registry has said is in the document, and of each channel something was heard', () => {
  const { ajv, compile } = newClosedValidator();
  const validators = new Map();
  const counts = new Map(ofRegistry.map(({ name }) => [name, 0]));
  const isOurs = ({ topic }) => /^muster\/v1\/(worker|gateway|request)\//.test(topic);
  for (const { topic, payload } of messagesHeard().filter((message) => !isOurs(message))) {
    const channel = ofRegistry.find(({ filter }) => filter.test(topic));
    assert.ok(channel, `${topic} is no channel`);
    counts.set(channel.name, counts.get(channel.name) + 1);
    if (payload === '') {
      assert.ok(
        channel.messages.some(({ id }) => id === 'gone'),
        `${topic} has an empty payload`,
      );
      continue;
    }
    if (!validators.has(channel.name)) {
      const files = channel.messages.flatMap(({ file }) => file ?? []);
      validators.set(channel.name, compile({ anyOf: files.map((file) => ({ $ref: file })) }));
    }
    const accepts = validators.get(channel.name);
    assert.ok(accepts(JSON.parse(payload)), `${topic}: ${ajv.errorsText(accepts.errors)} in ${payload}`);
  }
  assert.deepEqual(
    [...counts].filter(([, count]) => count === 0).map(([name]) => name),
    [],
  );
});
