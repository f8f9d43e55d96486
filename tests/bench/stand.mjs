// stand.mjs -- what measuring needs around a world: Redis asked, CPU read, fleets run, yardsticks started and counted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { World, binaries } from '../support/world.mjs';

const KEY = 'muster:{0}';
const BOOT = 'bench-boot';
const FLEET = 'fleet';
const CONNECTIONS = 4;
// Longer than any run: a worker is silent only where silence is what is measured.
const NEVER_MS = 3600000;
const REGISTER_MAX_S = 3600;
// What the workers of a loaded fleet have been given.
const EPOCH = 1700000000000000;
const INTERVAL_MS = 60000;
// The simulator's gateway may speak for all; intervals are those that are asked for, for the load is what is chosen here.
const SETTINGS = ['gateways.sim-gateway=*', 'worker.target_heartbeats_per_s=0'];
const SUM_SCRIPT = `local sum = 0
for number = ARGV[2], ARGV[3] - 1 do
  local key = string.format('${KEY}:worker:%s-%07d', ARGV[1], number)
  sum = sum + tonumber(redis.call('HGET', key, 'heartbeats') or 0)
end
return sum`;
const SUM_STEP = 10000;

// What a process and all its threads have had of the processors so far, in microseconds.
export function cpuUs(pid) {
  const ns = readdirSync(`/proc/${pid}/task`).map((task) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      return 0; // the thread has ended since
    }
  });
  return ns.reduce((sum, each) => sum + each, 0) / 1000;
}

export function residentBytes(pid) {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) * 1024;
}

async function outputOf(stream) {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk;
  }
  return text;
}

// A program that is told to end, or ends by itself, and says what it found as one JSON document.
export class Program {
  constructor(command, args) {
    this.name = command;
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = once(this.child, 'close');
    this.output = outputOf(this.child.stdout);
    this.errors = '';
    this.child.stderr.setEncoding('utf8').on('data', (chunk) => (this.errors += chunk));
    Program.running.add(this);
    this.ended.finally(() => Program.running.delete(this)).catch(() => {});
  }

  static running = new Set();

  get pid() {
    return this.child.pid;
  }

  async said(words) {
    while (!this.errors.includes(words)) {
      if (this.child.exitCode !== null) {
        throw new Error(`${this.name} ended: ${this.errors}`);
      }
      await sleep(5);
    }
  }

  async text() {
    const [code] = await this.ended;
    if (code !== 0) {
      throw new Error(`${this.name} ended with ${code}: ${this.errors}${await this.output}`);
    }
    return this.output;
  }

  async result() {
    return JSON.parse(await this.text());
  }

  async stop() {
    this.child.kill('SIGTERM');
    return this.result();
  }
}

export class Stand {
  constructor() {
    this.world = new World();
    Stand.standing.add(this);
  }

  static standing = new Set();

  static async endAll() {
    for (const program of Program.running) {
      program.child.kill('SIGKILL');
    }
    await Promise.allSettled([...Stand.standing].map((stand) => stand.end()));
  }

  async startBroker() {
    this.broker = await this.world.startBroker();
    return this.broker;
  }

  async startRedis() {
    this.redisServer = await this.world.startRedis();
    this.redis = new Redis({ host: '127.0.0.1', port: this.world.redisPort, lazyConnect: true });
    await this.redis.connect();
    return this.redisServer;
  }

  // Broker, Redis and registry as scripts/run has them.
  async startAll(settings = []) {
    await this.startBroker();
    await this.startRedis();
    await this.startRegistry(settings);
  }

  // wrapper: a program that runs musterd, with its own arguments.
  async startRegistry(settings = [], wrapper = []) {
    const begin = performance.now();
    this.musterd = await this.world.startRegistry([...SETTINGS, ...settings], wrapper);
    this.readyAfterMs = performance.now() - begin;
    return this.musterd;
  }

  async end() {
    Stand.standing.delete(this);
    this.redis?.disconnect();
    await this.world.stop();
  }

  get mqttUri() {
    return `tcp://127.0.0.1:${this.world.mqttPort}`;
  }

  get redisUri() {
    return `redis://127.0.0.1:${this.world.redisPort}/0`;
  }

  get httpUri() {
    return `http://127.0.0.1:${this.world.httpPort}`;
  }

  // Makes a fleet in Redis while no registry runs; muster-sim can be its workers then, all but the last tenth, which is full.
  async load(workers) {
    const args = [this.redisUri, workers, EPOCH, NEVER_MS, INTERVAL_MS].map(String);
    await this.redis.config('SET', 'appendonly', 'no'); // which would be rewritten again and again meanwhile
    const result = await new Program(join(binaries, 'bench_load'), args).result();
    await this.redis.config('SET', 'appendonly', 'yes');
    for (let isWritten = false; !isWritten; await sleep(100)) {
      const { aof_rewrite_in_progress: writing, aof_rewrite_scheduled: waiting } = await this.redisInfo('persistence');
      isWritten = writing === '0' && waiting === '0';
    }
    return result;
  }

  // The workers of a loaded fleet that are not full, with so many heartbeats a second.
  loaded(workers, rate, options = {}) {
    const beating = workers - Math.ceil(workers / 10);
    const interval = Math.max(Math.round((beating * 1000) / rate), 1);
    const all = { workers: beating, unregistered: true, epoch: EPOCH, duration: 86400, 'heartbeat-interval-ms': interval };
    return this.fleet('steady', { ...all, ...options });
  }

  // A muster-sim of workers that are always the same ones, unless there is another prefix.
  fleet(scenario, options = {}) {
    const all = {
      uri: this.mqttUri,
      prefix: FLEET,
      'boot-id': BOOT,
      connections: CONNECTIONS,
      'heartbeat-timeout-ms': NEVER_MS,
      'register-max': REGISTER_MAX_S,
      vary: true,
      ...options,
    };
    const given = Object.entries(all).filter(([, value]) => value !== false);
    const args = given.flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, String(value)]));
    return new Program(join(binaries, 'muster-sim'), [scenario, '--json', ...args]);
  }

  // A few of whose heartbeats each asks for an answer, to see how the others fare.
  askers(prefix, duration) {
    return this.fleet('steady', { prefix, duration, workers: 200, 'heartbeat-interval-ms': 1000, ask: 1 });
  }

  // How many heartbeats Redis has counted for the workers of a fleet, all told.
  async heartbeats(workers, prefix = FLEET) {
    let sum = 0;
    for (let from = 0; from < workers; from += SUM_STEP) {
      sum += await this.redis.eval(SUM_SCRIPT, 0, prefix, from, Math.min(from + SUM_STEP, workers));
    }
    return sum;
  }

  // The value of one series of /metrics, named as it stands there.
  async metric(series) {
    const text = await (await fetch(`${this.httpUri}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length));
  }

  // The newest event, and whether all up to it have been published.
  async outbox() {
    const [[newest] = ['0-0']] = await this.redis.xrevrange(`${KEY}:events`, '+', '-', 'COUNT', 1);
    return { newest, cursor: (await this.redis.get(`${KEY}:cursor`)) ?? '0-0' };
  }

  async settle(patienceMs = 300000) {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const { newest, cursor } = await this.outbox();
      if (newest === cursor) {
        return;
      }
      if (performance.now() > deadline) {
        throw new Error(`events are published up to ${cursor} of ${newest} only`);
      }
      await sleep(50);
    }
  }

  async redisInfo(section) {
    const text = await this.redis.info(section);
    return Object.fromEntries([...text.matchAll(/^([^#:\s]+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value]));
  }
}
