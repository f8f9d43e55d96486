// subscriber.mjs -- the yardstick of the plain way: an MQTT subscriber that writes each heartbeat to Redis, with no batching
// but what its Redis client does by itself.
//
// node subscriber.mjs MQTT_URI REDIS_URI QOS; says "subscribed" on standard error; on SIGTERM prints what it has counted.
import { Redis } from 'ioredis';
import mqtt from 'mqtt';

const [mqttUri, redisUri, qos] = process.argv.slice(2);
const TIMEOUT_MS = 30000;

const redis = new Redis(redisUri, { enableAutoPipelining: true });
const client = mqtt.connect(mqttUri.replace(/^tcp:/, 'mqtt:'), { protocolVersion: 5, clientId: 'yardstick' });
let messages = 0; // those that Redis has
let firstAt;
let lastAt;

async function keep(id, payload) {
  const beat = JSON.parse(payload);
  const fields = ['status', beat.status, 'currentJobCount', beat.currentJobCount, 'availableCapacity', beat.availableCapacity];
  fields.push('cpuUsage', beat.cpuUsage, 'memoryUsage', beat.memoryUsage, 'seq', beat.seq);
  await Promise.all([redis.hset(`worker:${id}`, fields), redis.set(`alive:${id}`, beat.epoch, 'PX', TIMEOUT_MS)]);
  messages++;
  lastAt = performance.now();
}

client.on('message', (topic, payload) => {
  firstAt ??= performance.now();
  keep(topic.split('/')[3], payload).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
});
process.on('SIGTERM', () => {
  const seconds = (lastAt - firstAt) / 1000;
  console.log(JSON.stringify({ messages, seconds, messagesPerSecond: (messages - 1) / seconds }));
  process.exit(0);
});
await client.subscribeAsync('muster/v1/worker/+/heartbeat', { qos: Number(qos) });
console.error('subscribed');
