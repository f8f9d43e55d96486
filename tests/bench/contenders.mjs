// contenders.mjs -- whoever can be sent heartbeats and say afterwards how many it has done its work with, and how fast.
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaries } from '../support/world.mjs';
import { Program, Stand, cpuUs } from './stand.mjs';

const SUBSCRIBER = fileURLToPath(new URL('yardsticks/subscriber.mjs', import.meta.url));
const POLL_MS = 20;
// Nothing new for so long: what has not arrived by now is lost.
const QUIET_MS = 1000;

export function counterOf(stand, qos, clientId = 'bench-counter', topic = 'muster/v1/worker/+/heartbeat') {
  const args = ['--uri', stand.mqttUri, '--qos', String(qos), '--client-id', clientId, '--topic', topic, '--json'];
  return new Program(join(binaries, 'bench_counter'), args);
}

// Asks for a number until it has reached the goal, or has not grown for a while; returns it, and when it grew last.
async function watch(ask, goal = Infinity) {
  let value = await ask();
  let grownAt = Date.now();
  while (value < goal && Date.now() - grownAt < QUIET_MS) {
    await sleep(POLL_MS);
    const next = await ask();
    if (next > value) {
      [value, grownAt] = [next, Date.now()];
    }
  }
  return { value, grownAt };
}

// Subscribers that are started anew for each step, beside a broker that stays. They end with what they have counted.
class Subscriber {
  constructor(name, qos, { encoding = 'msgpack', needsRedis = false, start, guess }) {
    Object.assign(this, { name, qos, encoding, needsRedis, start, guess });
  }

  async open() {
    this.stand = new Stand();
    await this.stand.startBroker();
    if (this.needsRedis) {
      await this.stand.startRedis();
    }
  }

  // Sends for a while; returns how many were sent and arrived, the rate from the first to the last, and what each cost.
  async step(options) {
    const subscriber = this.start(this.stand, this.qos);
    await subscriber.said('subscribed');
    const usedBefore = cpuUs(subscriber.pid);
    const { heartbeats } = await this.stand
      .fleet('steady', { ...options, qos: this.qos, encoding: this.encoding, unregistered: true })
      .result();
    const chunks = () => Math.floor(cpuUs(subscriber.pid) / 10000);
    await watch(chunks);
    const used = cpuUs(subscriber.pid) - usedBefore;
    const { messages, messagesPerSecond } = await subscriber.stop();
    return { sent: heartbeats.sent, arrived: messages, rate: messagesPerSecond, cpuUsEach: used / messages };
  }

  close() {
    return this.stand.end();
  }
}

export const counter = (qos) =>
  new Subscriber(`counting subscriber, QoS ${qos}`, qos, { start: counterOf, guess: qos === 0 ? 80000 : 30000 });

export const nodeSubscriber = (qos) =>
  new Subscriber(`Node.js subscriber, QoS ${qos}`, qos, {
    encoding: 'json',
    needsRedis: true,
    start: (stand) => new Program(process.execPath, [SUBSCRIBER, stand.mqttUri, stand.redisUri, String(qos)]),
    guess: 12000,
  });

// The whole of it, which stays: workers are the same ones in every step, and Redis has counted their heartbeats.
export class Muster {
  constructor(qos, { scenario = 'steady', guess = 25000, name, vary = true, settings = [] } = {}) {
    const isGateway = scenario === 'gateway';
    const manner = isGateway ? 'batches of 100' : `QoS ${qos}`;
    Object.assign(this, { name: name ?? `musterd, ${manner}`, qos, scenario, guess, vary, settings });
    this.series = `muster_messages_total{kind="${isGateway ? 'gateway_' : ''}heartbeat",result="ok"}`;
    this.workers = 0;
  }

  async open() {
    this.stand = new Stand();
    await this.stand.startAll(this.settings);
  }

  // All who are needed register before, and the world has been told of them, for that costs as much as many heartbeats.
  async enroll(options) {
    if (options.workers > this.workers) {
      await this.stand.fleet(this.scenario, { ...options, wait: true, duration: 0.1 }).result();
      await this.stand.settle();
      await watch(() => this.stand.metric(this.series));
      this.workers = options.workers;
    }
  }

  // Redis has each that was not merged.
  async taken() {
    return (await this.stand.heartbeats(this.workers)) + (await this.stand.metric('muster_heartbeats_merged_total'));
  }

  async step(options) {
    await this.enroll(options);
    const { stand, qos, vary } = this;
    const before = await this.taken();
    const seenBefore = await stand.metric(this.series);
    const usedBefore = cpuUs(stand.musterd.pid);
    const { heartbeats, beganAt } = await stand.fleet(this.scenario, { ...options, wait: true, qos, vary }).result();
    const { grownAt } = await watch(async () => (await stand.metric(this.series)) - seenBefore, heartbeats.sent);
    const used = cpuUs(stand.musterd.pid) - usedBefore;
    const arrived = (await this.taken()) - before;
    return {
      heartbeats,
      sent: heartbeats.sent,
      arrived,
      rate: (heartbeats.sent * 1000) / (grownAt - beganAt),
      cpuUsEach: used / arrived,
    };
  }

  close() {
    return this.stand.end();
  }
}
