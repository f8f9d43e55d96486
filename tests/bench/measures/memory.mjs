// memory.mjs -- what a worker takes in Redis, part by part.
const PER_WORKER = ['worker', 'detail', 'alive'];
const SAMPLES = 100;
const SET_SAMPLES = 1000;
const EVENTS = 'events';
const PREFIX = 'muster:{0}:';

// Without what clients and the append-only file's buffers hold for the moment.
export async function usedBytes(stand) {
  const { used_memory: used, mem_clients_normal: clients, mem_aof_buffer: buffer } = await stand.redisInfo('memory');
  return used - clients - buffer;
}

async function memoryOf(stand, key) {
  return (await stand.redis.call('MEMORY', 'USAGE', key, 'SAMPLES', SET_SAMPLES)) ?? 0;
}

async function average(stand, kind, workers) {
  let sum = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const number = String(Math.floor((i * workers) / SAMPLES)).padStart(7, '0');
    sum += await memoryOf(stand, `${PREFIX}${kind}:fleet-${number}`);
  }
  return sum / SAMPLES;
}

// The bytes of the keys that are not one worker's alone, by their kinds: tags, zones and so on each all told.
async function bytesOfShared(stand) {
  const perWorker = new Set(PER_WORKER);
  const bytes = new Map();
  for (let cursor = '0'; ; ) {
    const [next, keys] = await stand.redis.scan(cursor, 'MATCH', `${PREFIX}*`, 'COUNT', 10000);
    for (const key of keys) {
      const [kind, label] = key.slice(PREFIX.length).split(':');
      if (!perWorker.has(kind)) {
        const part = label === undefined ? kind : `${kind}:<${kind[0]}>`;
        bytes.set(part, (bytes.get(part) ?? 0) + (await memoryOf(stand, key)));
      }
    }
    if (next === '0') {
      return bytes;
    }
    cursor = next;
  }
}

export async function measureMemory(stand, workers, emptyBytes, { record }) {
  const used = await usedBytes(stand);
  const shared = await bytesOfShared(stand);
  const events = shared.get(EVENTS) ?? 0;
  shared.delete(EVENTS);
  record(`bytes.${workers}.all`, (used - emptyBytes - events) / workers);
  record(`bytes.${workers}.events`, events / workers);
  const parts = [];
  for (const kind of PER_WORKER) {
    parts.push([`${kind}:<id>`, await average(stand, kind, workers)]);
  }
  for (const [part, bytes] of shared) {
    parts.push([part, bytes / workers]);
  }
  for (const [part, each] of parts.filter(([, bytes]) => bytes >= 1)) {
    record(`bytes.${workers}.part.${part}`, each);
  }
  const known = parts.reduce((sum, [, each]) => sum + each, 0);
  record(`bytes.${workers}.part.(the rest: Redis's tables of keys and expiries)`, (used - emptyBytes - events) / workers - known);
}
