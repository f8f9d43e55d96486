// http.test.mjs -- the running daemon against topics/openapi.yaml: every operation with good and bad requests, each answer
// held against the document; and in the end every answer that the document promises has been seen.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { firstColumnOf, newClosedValidator, read, sectionOf } from './contract.mjs';
import { PREFIX, compileRequestSchema, complaintsAbout, operations, resolved } from './openapi.mjs';
import { World, until } from '../support/world.mjs';

const KIB = 1024;
const settings = [
  'health.check_interval_ms=600000',
  'registration.max_attempts=3',
  'daemon.lease_ms=60000',
  'http.max_streams=2',
];

let world;
let standbyPort;
const seen = new Set();

before(async () => {
  world = new World();
  await world.startBroker();
  world.redis = await world.startRedis();
  await world.startRegistry(settings);
  const activePort = world.httpPort;
  await world.startStandby(settings);
  standbyPort = world.httpPort;
  world.httpPort = activePort;
});

after(() => world.stop());

const isStream = ({ responses }) => 'text/event-stream' in (responses[200].content ?? {});
const operationOf = (id) => operations.find((operation) => operation.id === id);

// One request; the answer is held against the document, and has to be one of the statuses.
async function ask(id, { worker = 'w1', query = '', headers = {}, body, port = world.httpPort } = {}, ...statuses) {
  const operation = operationOf(id);
  const url = `http://127.0.0.1:${port}${operation.path.replace('{workerId}', worker)}${query}`;
  const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const response = await fetch(url, { method: operation.method, headers, body: payload });
  const text = await response.text();
  const said = `${operation.method} ${url} ${payload?.slice(0, 200) ?? ''} → ${response.status} ${text.slice(0, 600)}`;
  assert.deepEqual(complaintsAbout(operation, response.status, response.headers.get('content-type'), text), [], said);
  assert.ok(statuses.length === 0 || statuses.includes(response.status), said);
  seen.add(`${id} ${response.status}`);
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    said,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

const registration = (workerId, fields = {}) => ({
  workerId,
  name: `Worker ${workerId}`,
  maxConcurrentJobs: 5,
  ...fields,
});
const register = (workerId, fields) => ask('register', { body: registration(workerId, fields) }, 200, 201);

// ---- what is answered to good requests

test('a worker registers, is told of, is busy, and leaves', async () => {
  await ask('register', { body: registration('w1') }, 201);
  await ask('register', { body: registration('w1', { tags: 'a,b', capabilities: { java: true }, zone: 'z1' }) }, 200);
  await ask(
    'heartbeat',
    {
      body: {
        status: 'BUSY',
        currentJobCount: 2,
        cpuUsage: 45.5,
        memoryUsage: 67.8,
        errorCount: 1,
        message: 'disk full',
      },
    },
    200,
  );
  await ask('heartbeat', {}, 200);
  const { json } = await ask('status', {}, 200);
  assert.equal(json.worker.currentJobCount, 2);
  const { json: report } = await ask('health', {}, 200);
  assert.equal(report.healthy, true);
  assert.equal(report.metrics.loadPercentage, 40);
  await ask('deregister', { body: {} }, 409);
  await ask('forceDeregister', { query: '?reason=Emergency%20shutdown' }, 200);
  await ask('heartbeat', { body: {} }, 409);
  await ask('status', {}, 200);
});

test('registering in batches has a result for each', async () => {
  const { json } = await ask(
    'registerBatch',
    { body: [registration('b1'), registration('b2'), { workerId: 'b3' }] },
    200,
  );
  assert.deepEqual(
    json.results.map(({ code }) => code),
    ['ok', 'ok', 'validation_failed'],
  );
  await ask('registerBatch', { body: { workers: [registration('b1')] } }, 200);
});

// A record is as the document has it whatever state its worker is in, and can be brought back as it is.
async function exportAndImport(worker, fields) {
  const { json } = await ask('export', { query: '?limit=1000' }, 200);
  const record = json.workers.find(({ workerId }) => workerId === worker);
  for (const [name, value] of Object.entries(fields)) {
    assert.equal(record[name], value);
  }
  const accepts = compileRequestSchema(operationOf('import').body.schema);
  assert.ok(accepts({ workers: [record] }), JSON.stringify(record));
  const { json: imported } = await ask('import', { body: { workers: [record] } }, 200);
  assert.ok(['ok', 'deregistered'].includes(imported.results[0].code), JSON.stringify(imported));
}

test('an operator has a worker drained, maintained, recovered and forgotten', async () => {
  await register('o1');
  await ask('ping', { worker: 'o1' }, 200);
  await ask('reregister', { worker: 'o1' }, 200);
  await ask('maintain', { worker: 'o1', query: '?reason=New%20disks' }, 200);
  assert.equal((await ask('status', { worker: 'o1' }, 200)).json.worker.status, 'MAINTENANCE');
  await exportAndImport('o1', { maintained: '1' });
  await ask('resume', { worker: 'o1', body: { reason: 'They are in' } }, 200);
  await ask('recover', { worker: 'o1' }, 403);
  await ask('heartbeat', { worker: 'o1', body: { status: 'ERROR' } }, 200);
  assert.equal((await ask('health', { worker: 'o1' }, 200)).json.healthy, false);
  await ask('healthSummary', {}, 200);
  await ask('recover', { worker: 'o1' }, 200);
  await ask('heartbeat', { worker: 'o1', body: { status: 'BUSY', currentJobCount: 1 } }, 200);
  await ask('drain', { worker: 'o1' }, 200);
  await exportAndImport('o1', { draining: 'operator' });
  await ask('forget', { worker: 'o1' }, 403);
  await ask('heartbeat', { worker: 'o1', body: { currentJobCount: 0 } }, 409);
  for (const id of ['drain', 'maintain', 'resume', 'recover']) {
    await ask(id, { worker: 'o1' }, 409, 200);
  }
  await exportAndImport('o1', { left: 'drained' });
  await ask('forget', { worker: 'o1' }, 200);
  await ask('forget', { worker: 'o1' }, 404);
});

test('the fleet is listed page by page, found, counted, checked, exported and imported', async () => {
  await Promise.all(Array.from({ length: 5 }, (_, i) => register(`f${i}`, { zone: 'fleet', tags: ['t'] })));
  const found = new Set();
  let cursor;
  do {
    const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { json } = await ask('list', { query: `?zone=fleet&limit=2${more}` }, 200);
    json.workers.forEach(({ workerId }) => found.add(workerId));
    cursor = json.cursor;
  } while (cursor !== undefined);
  assert.equal(found.size, 5);
  const { json: best } = await ask(
    'find',
    { query: '?zone=fleet&tags=t&minimumFreeCapacity=1&sort=freeCapacity&limit=3' },
    200,
  );
  assert.equal(best.workers.length, 3);
  await ask('list', { query: '?sort=freeCapacity&zone=fleet' }, 200);
  const { json: statistics } = await ask('systemHealth', {}, 200);
  assert.ok(statistics.totalWorkers >= 5);
  const { json: summary } = await ask('healthSummary', {}, 200);
  assert.equal(summary.totalWorkers, statistics.totalWorkers);
  const { json: check } = await ask('check', { query: '?reason=A%20look' }, 200);
  assert.equal(check.checked, statistics.totalWorkers);
  assert.deepEqual(check.findings, []);
  const { json: all } = await ask('export', { query: '?limit=1000' }, 200);
  const records = all.workers.filter(({ workerId }) => /^f\d$/.test(workerId));
  assert.equal(records.length, 5);
  const { json: imported } = await ask('import', { body: { workers: [...records, { workerId: 'f9' }] } }, 200);
  assert.equal(imported.refused, 1);
  await ask('import', { body: { workers: [registration('f8')], force: true } }, 200);
  await ask('cleanup', {}, 200);
  await ask('cleanup', { query: '?workerId=f1' }, 403);
  await ask('brakeRelease', {}, 200);
});

test('what happened is told, page by page and as it happens', async () => {
  const { json: first } = await ask('events', { query: '?limit=2' }, 200);
  assert.equal(first.events.length, 2);
  const { json: rest } = await ask('events', { query: `?from=${first.next}&limit=1000` }, 200);
  assert.ok(
    rest.events.some(({ type }) => type === 'refused'),
    'no audit entry of the refused registration',
  );
  await ask('events', { query: '?workerId=w1&type=deregistered' }, 200);
  for (const id of ['eventsStream', 'eventsStreamAtTop']) {
    const url = `http://127.0.0.1:${world.httpPort}${operationOf(id).path}`;
    const stop = new AbortController();
    const response = await fetch(url, { headers: { 'Last-Event-ID': first.next }, signal: stop.signal });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type').split(';')[0], 'text/event-stream');
    seen.add(`${id} 200`);
    const { ajv, compile } = newClosedValidator();
    const accepts = compile({ anyOf: [{ $ref: 'event.json' }, { $ref: 'audit.json' }] });
    let text = '';
    const told = [];
    for await (const chunk of response.body) {
      text += Buffer.from(chunk).toString();
      const blocks = text.split('\n\n');
      text = blocks.pop();
      for (const block of blocks.filter((each) => !each.startsWith(':'))) {
        const [, eventId, type, data] = block.match(/^id: (.+)\nevent: (.+)\ndata: (.+)$/);
        const event = JSON.parse(data);
        assert.ok(accepts(event), `${ajv.errorsText(accepts.errors)} in ${data}`);
        assert.deepEqual([event.eventId, event.type], [eventId, type]);
        told.push(eventId);
      }
      if (told.length >= rest.events.length) {
        break;
      }
    }
    stop.abort();
    assert.deepEqual(
      told.slice(0, rest.events.length),
      rest.events.map(({ eventId }) => eventId),
    );
  }
});

test('there are no more event streams than are allowed', async () => {
  const streams = [];
  for (const { path } of [...operations.filter(isStream)]) {
    const stop = new AbortController();
    streams.push(stop);
    const url = `http://127.0.0.1:${world.httpPort}${path}`;
    await until('a free place', async () => (await fetch(url, { signal: stop.signal })).status === 200);
  }
  for (const { id } of operations.filter(isStream)) {
    await ask(id, {}, 503);
  }
  streams.forEach((stop) => stop.abort());
});

test('the registry tells of itself', async () => {
  const { json: config } = await ask('config', {}, 200);
  assert.equal(config.config.find(({ key }) => key === 'daemon.lease_ms').source, 'option');
  const { json: alerts } = await ask('alerts', {}, 200);
  assert.ok(alerts.alerts.every(({ rule }) => firstColumnOf(sectionOf('Alerts')).includes(rule)));
  await ask('healthz', {}, 200);
  assert.equal((await ask('readyz', {}, 200)).json.role, 'active');
  const { text } = await ask('metrics', {}, 200);
  assert.match(text, /^# TYPE muster_\w+ (counter|gauge|histogram)$/m);
  assert.doesNotMatch(text, /\bw1\b/);
});

// ---- what is answered to bad ones

const candidates = [
  null,
  -1,
  0,
  1.5,
  1e20,
  true,
  '',
  ' ',
  'x',
  'a\nb',
  '1-',
  'x'.repeat(300),
  {},
  [],
  [1],
  ['x'.repeat(70)],
  Array(65).fill('a'),
  { a: { b: {} } },
];

test('every bad value of every parameter is refused, with its name', async () => {
  let count = 0;
  for (const { id, parameters } of operations) {
    for (const { name, in: place, schema } of parameters.filter(({ in: where }) => where === 'query')) {
      const accepts = compileRequestSchema(schema);
      const isList = schema.type === 'array';
      const isNumber = resolved(schema).type === 'integer' || /count$/.test(schema.$ref ?? '');
      const valueOf = (text) =>
        isList
          ? text
              .split(',')
              .map((each) => each.trim())
              .filter(Boolean)
          : isNumber && /^-?\d+$/.test(text)
            ? Number(text)
            : text;
      const texts = ['-1', '0', '1001', '1.5', 'x', 'x/y', '1-', 'x'.repeat(300), '\u0001', 'gone'];
      for (const text of texts.filter((each) => !accepts(valueOf(each)))) {
        const query = `?${name}=${encodeURIComponent(text)}`;
        const { json, said } = await ask(id, { query }, 400, 413);
        assert.match(json.message, new RegExp(name === 'workerId' ? 'worker' : name, 'i'), said);
        count++;
      }
      assert.equal(place, 'query');
    }
  }
  assert.ok(count > 60, `${count} bad values`);
});

test('a parameter that is not known, or comes twice, is refused', async () => {
  for (const { id, parameters } of operations.filter(({ responses }) => '400' in responses)) {
    assert.match((await ask(id, { query: '?somethingNew=1' }, 400)).text, /somethingNew/);
    const single = parameters.find(({ name, in: place, schema }) => place === 'query' && schema.type !== 'array');
    if (single !== undefined) {
      assert.match((await ask(id, { query: `?${single.name}=1&${single.name}=2` }, 400)).text, new RegExp(single.name));
    }
  }
});

test('every bad value of every field of a body is refused', async () => {
  let count = 0;
  for (const { id, body } of operations.filter((operation) => operation.body !== undefined)) {
    const accepts = compileRequestSchema(body.schema);
    const good = Array.isArray(body.example) ? { workers: body.example } : body.example;
    for (const field of Object.keys(fieldsOf(body.schema))) {
      for (const value of candidates.filter((each) => !accepts({ ...good, [field]: each }))) {
        const isInItem =
          field === 'workers' && Array.isArray(value) && ['registerBatch', 'import'].includes(id) && value.length > 0;
        const { json, said } = await ask(id, {
          worker: `bad-${count}`,
          body: { ...good, workerId: undefined, [field]: value },
        });
        assert.ok(
          isInItem
            ? json.results.every(({ success }) => !success)
            : [400, 413].includes(json.code && statusOf(json.code)),
          said,
        );
        count++;
      }
    }
  }
  assert.ok(count > 300, `${count} bad values`);
});

// The fields of a body's schema, whatever it is put together of.
function fieldsOf(schema) {
  const whole = schema.$ref === undefined ? schema : JSON.parse(read(`topics/schemas/${schema.$ref.split('/').pop()}`));
  const parts = [...(whole.allOf ?? []), ...(whole.else ? [whole.else] : [])];
  return Object.assign({}, ...parts.map(fieldsOf), whole.properties);
}

const statusOf = (code) =>
  ({ invalid_payload: 400, validation_failed: 400, identity_mismatch: 400, too_large: 413, rate_limited: 429 })[code] ??
  0;

test('a body that cannot be read is refused', async () => {
  for (const { id } of operations.filter((operation) => operation.body !== undefined)) {
    for (const body of ['{', '[1', '"text"', '7', '{"a":1}x', '\u00ff', '{"reason": "\\ud800"}']) {
      const { json } = await ask(id, { worker: 'bad', body }, 400);
      assert.equal(json.code, 'invalid_payload');
    }
  }
});

test('a body that names another worker is refused', async () => {
  for (const { id, path } of operations.filter(
    ({ body, path: at }) => body !== undefined && at.includes('{workerId}'),
  )) {
    const { json } = await ask(id, { worker: 'this', body: { workerId: 'other' } }, 400);
    assert.equal(json.code, 'identity_mismatch', path);
  }
});

test('an id that is none is refused', async () => {
  for (const { id } of operations.filter(({ path }) => path.includes('{workerId}'))) {
    for (const worker of ['-w', 'w%20x', 'w'.repeat(129), '%C3%A4']) {
      await ask(id, { worker }, 400, 413);
    }
  }
});

test('a worker that is not known is not found', async () => {
  for (const { id } of operations.filter(({ path }) => path.includes('{workerId}'))) {
    await ask(id, { worker: 'nobody' }, 404);
  }
  await ask('cleanup', { query: '?workerId=nobody' }, 404);
});

test('what is too long is refused', async () => {
  for (const { id } of operations.filter((operation) => operation.body !== undefined)) {
    const length = id === 'registerBatch' ? 1024 * KIB : 64 * KIB;
    const { json } = await ask(id, { worker: 'long', body: { padding: 'x'.repeat(length) } }, 413);
    assert.equal(json.code, 'too_large');
  }
});

test('what a page of another host sends is refused', async () => {
  for (const { id, body } of operations.filter(({ method }) => method === 'POST')) {
    await ask(id, { body: body?.example, headers: { Origin: 'http://elsewhere.example' } }, 403);
  }
});

test('a worker that registers badly again and again is limited', async () => {
  for (let attempt = 0; attempt < 3; attempt++) {
    await ask('register', { body: { workerId: 'limited', name: '', maxConcurrentJobs: 0 } }, 400);
  }
  const { headers, json } = await ask('register', { body: registration('limited') }, 429);
  assert.ok(json.retryAfterMs > 0 && Number(headers.get('retry-after')) > 0);
});

test('a boot that has been superseded is told so', async () => {
  await register('boots', { bootId: 'a' });
  await register('boots', { bootId: 'b' });
  assert.equal((await ask('register', { body: registration('boots', { bootId: 'a' }) }, 409)).json.code, 'superseded');
  await ask('forceDeregister', { worker: 'boots', body: { bootId: 'a' } }, 409);
});

test('what is in the way of an operator is told', async () => {
  await register('gone');
  await ask('deregister', { worker: 'gone' }, 200);
  for (const id of ['ping', 'reregister']) {
    await ask(id, { worker: 'gone' }, 404, 409);
  }
  await ask('cleanup', { query: '?workerId=gone' }, 403, 409);
  await register('gone-by-name', { bootId: 'a' });
  await ask('deregister', { worker: 'gone-by-name', body: { bootId: 'z' } }, 409);
});

test('no other method is answered, and those that are, are named', async () => {
  for (const { path, method } of operations) {
    const url = `http://127.0.0.1:${world.httpPort}${path.replace('{workerId}', 'w1')}`;
    const own = operations.filter((operation) => operation.path === path).map((operation) => operation.method);
    for (const other of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter((each) => !own.includes(each))) {
      const response = await fetch(url, { method: other });
      assert.equal(response.status, 405, `${other} ${path}`);
      assert.ok(response.headers.get('allow').includes(method), `${other} ${path}`);
    }
  }
  const nowhere = await fetch(`http://127.0.0.1:${world.httpPort}${PREFIX}/nowhere`);
  assert.equal(nowhere.status, 404);
});

// As printed in the documentation of the system that this replaces, but for host and port.
const curls = [
  `-X POST http://localhost:8080${PREFIX}/register \\
  -H "Content-Type: application/json" \\
  -d '{
    "workerId": "worker-001",
    "name": "Test Worker",
    "hostAddress": "localhost",
    "port": 8080,
    "maxConcurrentJobs": 5
  }'`,
  `-X POST http://localhost:8080${PREFIX}/worker-001/heartbeat \\
  -H "Content-Type: application/json" \\
  -d '{
    "status": "ACTIVE",
    "currentJobCount": 2,
    "cpuUsage": 45.5,
    "memoryUsage": 67.8
  }'`,
  `-X GET http://localhost:8080${PREFIX}/worker-001/health`,
  `-X GET http://localhost:8080${PREFIX}/health/system`,
  `-X POST http://localhost:8080${PREFIX}/worker-001/heartbeat -H "Content-Type: application/json" -d '{"currentJobCount": 0}'`,
  `-X POST http://localhost:8080${PREFIX}/worker-001/deregister \\
  -H "Content-Type: application/json" \\
  -d '{
    "forceDeregister": false,
    "reason": "Scheduled maintenance"
  }'`,
  `-X POST http://localhost:8080${PREFIX}/health/check`,
  `-X POST http://localhost:8080${PREFIX}/cleanup/failed`,
];

test("the replaced system's curl examples work as printed", () => {
  for (const line of curls) {
    const command = `curl -s ${line.replace('http://localhost:8080', `http://127.0.0.1:${world.httpPort}`)}`;
    const done = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    assert.equal(done.status, 0, `${command}: ${done.stderr}`);
    assert.equal(JSON.parse(done.stdout).success, true, `${command}: ${done.stdout}`);
  }
});

// ---- what is answered where the registry cannot do it

test('a standby answers what only reads', async () => {
  for (const { id, method, body } of operations.filter((operation) => !isStream(operation))) {
    const isReader = method === 'GET' && id !== 'readyz';
    await ask(
      id,
      { worker: 'f1', body: body?.example && { ...body.example, workerId: undefined }, port: standbyPort },
      isReader ? 200 : 503,
    );
  }
});

test('without Redis nothing is done', async () => {
  world.redis.kill('SIGKILL');
  await until('readyz to notice', async () => (await ask('readyz')).status === 503);
  const others = operations.filter((operation) => '503' in operation.responses && !isStream(operation));
  for (const { id, body, path } of others) {
    const example = path.includes('{workerId}') ? { ...body?.example, workerId: undefined } : body?.example;
    const request = { body: body && example };
    const { status, json, said } = await ask(id, request);
    const isInResults = json.results?.every(({ code }) => code === 'unavailable');
    assert.ok(status === 503 || isInResults || id === 'alerts', said);
    await ask(id, { ...request, port: standbyPort }, 503);
  }
});

test('every answer that the document promises has been seen', () => {
  const promised = operations.flatMap(({ id, responses }) => Object.keys(responses).map((status) => `${id} ${status}`));
  assert.deepEqual(
    promised.filter((each) => !seen.has(each)),
    [],
  );
});
