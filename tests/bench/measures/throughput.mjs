// throughput.mjs -- heartbeats a second, every one done: musterd beside those who do less with them, one after the other.
import { climb } from '../climb.mjs';
import { Muster, counter, nodeSubscriber } from '../contenders.mjs';

export const title = 'Throughput and latency';
export const rounds = 'shared';

const INTERVAL_MS = 200;
const ASK = 0.02;
// Where the climb of a round begins: a little above where that of the round before ended.
const HEAD_START = 1.1;
const known = new Map();

async function highest(contender, { sizes, log }) {
  const { seconds, steps, startRate } = sizes;
  const from = known.has(contender.name) ? known.get(contender.name) * HEAD_START : (startRate ?? contender.guess);
  const rate = await climb(contender, { seconds, steps, from, log });
  known.set(contender.name, rate);
  return rate;
}

// From the time at which a heartbeat was meant to be sent to the reply that says that Redis has it.
async function latencyAt(contender, rate, { sizes, record }) {
  const workers = Math.max(Math.round((rate * INTERVAL_MS) / 1000), 1);
  const options = { workers, duration: sizes.seconds, 'heartbeat-interval-ms': INTERVAL_MS, ask: ASK };
  const { heartbeats } = await contender.step(options);
  record('latency.rate', heartbeats.perSecond);
  record('latency.p50', heartbeats.latency.p50Ms);
  record('latency.p99', heartbeats.latency.p99Ms);
}

export async function measure(context) {
  const contenders = {
    'rate.counter0': counter(0),
    'rate.musterd0': new Muster(0),
    'rate.node0': nodeSubscriber(0),
    'rate.counter1': counter(1),
    'rate.musterd1': new Muster(1, { guess: 20000 }),
    'rate.gateway': new Muster(0, { scenario: 'gateway', guess: 60000 }),
  };
  for (const [key, contender] of Object.entries(contenders)) {
    await contender.open();
    const rate = await highest(contender, context);
    context.record(key, rate);
    if (key === 'rate.musterd0') {
      await latencyAt(contender, rate / 2, context);
    }
    await contender.close();
  }
}
