// silence.mjs -- how late some silent workers are noticed beside a loaded fleet that heartbeats.
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { quantile } from '../statistics.mjs';

const BEATS_A_TIMEOUT = 3;
const PATIENCE_MS = 120000;
const PREFIX = 'mortal';
const EVENT = `muster/v1/event/unhealthy/${PREFIX}-`;
// In life the index looks at each of the living once a timeout.
const DUE_SCRIPT = `local from, now = tonumber(ARGV[1]), redis.call('TIME')[1] * 1000
for number = from, tonumber(ARGV[2]) - 1 do
  local member = string.format('alive:fleet-%07d', number)
  redis.call('ZADD', 'muster:{0}:deadlines', 'XX', 'LT', now + tonumber(ARGV[3]) * number / tonumber(ARGV[4]), member)
end`;
const DUE_STEP = 10000;

// From now on the deadlines of the fleet come due one after the other, spread over a time.
async function spreadDeadlines(stand, workers, spreadMs) {
  for (let from = 0; from < workers; from += DUE_STEP) {
    await stand.redis.eval(DUE_SCRIPT, 0, from, Math.min(from + DUE_STEP, workers), spreadMs, workers);
  }
}

async function listen(stand) {
  const client = mqtt.connect(stand.mqttUri.replace(/^tcp:/, 'mqtt:'), { protocolVersion: 5, clientId: 'bench-silence' });
  const heard = [];
  client.on('message', (topic, payload) => {
    const told = Date.now();
    const { at, evidence } = JSON.parse(payload);
    heard.push({ id: topic, noticed: at - evidence.deadline, told: told - evidence.deadline });
  });
  await client.subscribeAsync('muster/v1/event/unhealthy/+', { qos: 1 });
  return { client, heard };
}

async function waitForAll(heard, silent) {
  const deadline = Date.now() + PATIENCE_MS;
  while (heard.length < silent && Date.now() < deadline) {
    await sleep(50);
  }
}

export async function measureSilence(stand, { workers, silent, timeoutMs }, { record }) {
  const { client, heard } = await listen(stand);
  const askers = stand.askers('asker', 3600);
  const mortals = stand.fleet('mass-death', {
    workers: silent,
    prefix: PREFIX,
    share: 1,
    'heartbeat-interval-ms': Math.floor(timeoutMs / BEATS_A_TIMEOUT),
    'heartbeat-timeout-ms': timeoutMs,
    at: timeoutMs / 1000,
    duration: timeoutMs / 1000 + 0.1,
  });
  await spreadDeadlines(stand, workers, 5 * timeoutMs);
  await mortals.result();
  await sleep(timeoutMs);
  await waitForAll(heard, silent);
  const { heartbeats } = await askers.stop();
  await client.endAsync();
  const stranger = heard.find(({ id }) => !id.startsWith(EVENT));
  if (stranger || heard.length !== silent) {
    throw new Error(`${heard.length} of ${silent} were noticed${stranger ? `, and ${stranger.id}, which lives` : ''}`);
  }
  for (const kind of ['noticed', 'told']) {
    const late = heard.map((each) => each[kind]);
    record(`lateness.${workers}.${kind}.p50Ms`, quantile(late, 0.5));
    record(`lateness.${workers}.${kind}.p99Ms`, quantile(late, 0.99));
    record(`lateness.${workers}.${kind}.maxMs`, quantile(late, 1));
  }
  record(`lateness.${workers}.heartbeatsP99`, heartbeats.latency.p99Ms);
}
