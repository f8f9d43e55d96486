// metrics.test.mjs -- GET /metrics of a running daemon, read by a parser that is not ours and held to Prometheus's rules.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import parse from 'parse-prometheus-text-format';
import { World, until } from '../support/world.mjs';

const PREFIX = '/api/v1/worker-registration';
const ID = 'metered-worker-17';

describe('metrics', () => {
  const world = new World();
  const at = (path) => `http://127.0.0.1:${world.httpPort}${path}`;
  const post = (path, body) => fetch(at(PREFIX + path), { method: 'POST', body: JSON.stringify(body) });

  const scrape = async () => {
    const answer = await fetch(at('/metrics'));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    const families = new Map(parse(text).map((family) => [family.name, family]));
    return { text, families };
  };

  // The value of one series: the first whose labels include those given.
  const value = ({ families }, name, labels = {}) => {
    const found = (families.get(name)?.metrics ?? []).find((metric) =>
      Object.entries(labels).every(([label, wanted]) => metric.labels?.[label] === wanted),
    );
    return found === undefined ? 0 : Number(found.value ?? found.count);
  };

  before(async () => {
    await world.startBroker();
    await world.startRedis();
    await world.startRegistry();
    assert.equal((await post('/register', { workerId: ID, name: 'Metered', maxConcurrentJobs: 4 })).status, 201);
    assert.equal((await post(`/${ID}/heartbeat`, { currentJobCount: 1 })).status, 200);
    await until('the event to be published', async () => value(await scrape(), 'muster_events_total', { type: 'registered' }) === 1);
  });
  after(() => world.stop());

  test('every line belongs to a family with help and type, and no series comes twice', async () => {
    const { text, families } = await scrape();
    const declared = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name);
    const explained = [...text.matchAll(/^# HELP (\S+) \S.*\.$/gm)].map(([, name]) => name);
    assert.deepEqual(declared, explained);
    assert.equal(new Set(declared).size, declared.length);
    assert.deepEqual([...families.keys()].sort(), [...declared].sort());
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const keys = series.map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.equal(new Set(keys).size, keys.length);
    for (const line of series) {
      assert.match(line, /^[a-z_]+(\{([a-z_]+="[^"\n]*",?)+\})? (NaN|[0-9.e+-]+)$/);
    }
    assert.ok(text.endsWith('\n'));
  });

  test('names are muster_…, counters end in _total, units are seconds, bytes and jobs', async () => {
    const { families } = await scrape();
    for (const { name, type } of families.values()) {
      assert.match(name, /^muster_[a-z_]+$/);
      assert.equal(name.endsWith('_total'), type === 'COUNTER', `${name} is a ${type}`);
      assert.doesNotMatch(name, /(_ms|_us|_millis|_kb|_mb|_percent|_percentage|_minutes)(_|$)/);
      assert.equal(type === 'HISTOGRAM', /_seconds$|_size$/.test(name) && !/lag|behind/.test(name), name);
    }
  });

  test('no label names a worker', async () => {
    const { text } = await scrape();
    assert.ok(!text.includes(ID));
    assert.doesNotMatch(text, /[{,](worker|worker_id|workerId|id|client|instance)="/);
  });

  test('histograms accumulate up to their count', async () => {
    const { families } = await scrape();
    const histograms = [...families.values()].filter(({ type }) => type === 'HISTOGRAM');
    assert.deepEqual(
      histograms.map(({ name }) => name).sort(),
      ['muster_handling_seconds', 'muster_heartbeat_batch_size', 'muster_noticing_lateness_seconds', 'muster_redis_call_seconds'],
    );
    for (const { name, metrics } of histograms) {
      const [{ buckets, count, sum }] = metrics;
      const ascending = Object.entries(buckets)
        .map(([bound, inside]) => [bound === '+Inf' ? Infinity : Number(bound), Number(inside)])
        .sort(([one], [other]) => one - other);
      const bounds = ascending.map(([bound]) => bound);
      const counts = ascending.map(([, inside]) => inside);
      assert.equal(bounds.at(-1), Infinity, name);
      assert.equal(counts.at(-1), Number(count), name);
      assert.ok(Number(sum) >= 0, name);
      for (let i = 1; i < bounds.length; i++) {
        assert.ok(bounds[i] > bounds[i - 1] && counts[i] >= counts[i - 1], `${name} at ${bounds[i]}`);
      }
    }
  });

  test('values move with what happens', async () => {
    const earlier = await scrape();
    assert.equal(value(earlier, 'muster_workers', { status: 'ACTIVE' }), 1);
    assert.equal(value(earlier, 'muster_workers_by_health', { health: 'HEALTHY' }), 1);
    assert.equal(value(earlier, 'muster_capacity_jobs'), 4);
    assert.equal(value(earlier, 'muster_capacity_used_jobs'), 1);
    assert.equal(value(earlier, 'muster_active'), 1);
    assert.equal(value(earlier, 'muster_ready'), 1);
    assert.equal(value(earlier, 'muster_transitions_total', { from: 'none', to: 'HEALTHY', reason: 'worker' }), 1);
    assert.equal((await post(`/${ID}/heartbeat`, { status: 'ERROR' })).status, 200);
    assert.equal((await post('/register', { workerId: 'x' })).status, 400);
    const later = await until('the worker to be unhealthy', async () => {
      const now = await scrape();
      const turned = { from: 'HEALTHY', to: 'UNHEALTHY', reason: 'status_inconsistent' };
      return value(now, 'muster_transitions_total', turned) === 1 && now;
    });
    assert.equal(value(later, 'muster_workers', { status: 'ERROR' }), 1);
    assert.equal(value(later, 'muster_workers_by_health', { health: 'UNHEALTHY' }), 1);
    assert.equal(value(later, 'muster_events_total', { type: 'unhealthy' }), 1);
    const refused = { kind: 'request', result: 'validation_failed' };
    assert.equal(value(later, 'muster_messages_total', refused), value(earlier, 'muster_messages_total', refused) + 1);
    assert.ok(value(later, 'muster_redis_call_seconds') > value(earlier, 'muster_redis_call_seconds'));
    assert.ok(value(later, 'muster_handling_seconds') > value(earlier, 'muster_handling_seconds'));
    const answered = { route: `${PREFIX}/register`, method: 'POST', status: '400' };
    assert.equal(value(later, 'muster_http_requests_total', answered), 1);
  });
});
