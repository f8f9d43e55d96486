// schemas.test.mjs -- topics/schemas: well-formed, and as strict as the registry at the limits of each field.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newValidator, readSchema, readVectors, schemaNames, valuesOf } from './contract.mjs';

const ajv = newValidator();
const accepts = (name, payload) => ajv.validate(`${name}.json`, payload);
const registration = (fields) => ({ name: 'a', maxConcurrentJobs: 1, ...fields });
const labels = (count) => Array.from({ length: count }, (_, i) => `l${i}`);

test('every schema compiles, says its dialect and describes itself', () => {
  assert.ok(schemaNames.length > 0);
  for (const name of schemaNames) {
    const schema = readSchema(name);
    assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#', name);
    assert.ok(schema.title && schema.description, name);
    assert.equal(typeof ajv.getSchema(name), 'function', name);
  }
});

const inbound = {
  registration: registration({}),
  heartbeat: {},
  deregistration: {},
  will: {},
  'request-register': registration({ workerId: 'w1' }),
  'request-deregister': { workerId: 'w1' },
  'request-heartbeat': { workerId: 'w1' },
  'request-list': {},
  'request-find': {},
  'request-worker': { workerId: 'w1' },
  'request-plain': {},
  'request-cleanup': {},
  'request-events': {},
  'request-export': {},
  'request-import': { workers: [{ ...registration({}), workerId: 'w1' }] },
};

const batches = {
  'request-register-batch': { ...registration({}), workerId: 'w1' },
  'gateway-register': { ...registration({}), workerId: 'w1' },
  'gateway-heartbeat': { workerId: 'w1' },
  'gateway-deregister': { workerId: 'w1' },
  'gateway-will': { workerId: 'w1', bootId: 'b', connection: 1 },
};

const requiredOf = (file) => {
  const schema = readSchema(file);
  return [...(schema.required ?? []), ...(schema.allOf ?? []).flatMap(({ $ref }) => requiredOf($ref))];
};
const fieldsOf = (file) => {
  const schema = readSchema(file);
  return [...Object.keys(schema.properties ?? {}), ...(schema.allOf ?? []).flatMap(({ $ref }) => fieldsOf($ref))];
};

test('what comes in may have unknown fields and no more than the required ones', () => {
  for (const [name, least] of Object.entries(inbound)) {
    assert.ok(accepts(name, least), name);
    assert.ok(accepts(name, { ...least, somethingNew: { a: [1] } }), name);
    for (const field of requiredOf(`${name}.json`)) {
      const { [field]: left, ...rest } = least;
      assert.ok(left !== undefined && !accepts(name, rest), `${name} without ${field}`);
    }
  }
});

test('a null field of what comes in counts as absent', () => {
  for (const [name, least] of Object.entries(inbound)) {
    const required = requiredOf(`${name}.json`);
    for (const field of fieldsOf(`${name}.json`)) {
      assert.equal(accepts(name, { ...least, [field]: null }), !required.includes(field), `${name}.${field}`);
    }
  }
});

test('nothing that comes in is anything but a map', () => {
  for (const name of Object.keys(inbound)) {
    for (const payload of [null, [], 'text', 7, true]) {
      assert.ok(!accepts(name, payload), `${name}: ${JSON.stringify(payload)}`);
    }
  }
});

test('a batch is a list of up to 1,000 items that name their workers, alone or as workers', () => {
  for (const [name, item] of Object.entries(batches)) {
    const { workerId, ...nameless } = item;
    for (const items of [[], [item], [{ ...item, somethingNew: 1 }], Array(1000).fill(item)]) {
      assert.ok(accepts(name, items), name);
      assert.ok(accepts(name, { workers: items, somethingNew: 1 }), name);
    }
    for (const items of [null, 'w1', {}, [nameless], [workerId], [[item]], Array(1001).fill(item)]) {
      assert.ok(!accepts(name, { workers: items }), `${name}: ${JSON.stringify(items)?.slice(0, 100)}`);
    }
    assert.ok(!accepts(name, {}) && !accepts(name, null) && !accepts(name, Array(1001).fill(item)), name);
  }
});

// name, what makes the payload, what is accepted, what is refused
const limits = [
  [
    'registration',
    (name) => registration({ name }),
    ['a', 'ä'.repeat(128), 'a'.repeat(256)],
    ['', ' \t', 'a'.repeat(257), 'a\nb', '\u0085', 1, {}],
  ],
  ['registration', (maxConcurrentJobs) => registration({ maxConcurrentJobs }), [1, 1.0, 100], [0, -1, 1.5, '1', true]],
  ['registration', (port) => registration({ port }), [1, 65535], [0, 65536, '80', 1.5]],
  [
    'registration',
    (workerId) => registration({ workerId }),
    ['w', '0', 'A.b_c-d', 'w'.repeat(128)],
    ['', '-w', '.w', 'w/x', 'w+', '#', 'ä', 'w'.repeat(129)],
  ],
  [
    'registration',
    (tags) => registration({ tags }),
    [[], 'a,b', labels(64), ['a'.repeat(64)]],
    [labels(65), ['a'.repeat(65)], [1], {}, 7],
  ],
  [
    'registration',
    (capabilities) => registration({ capabilities }),
    [
      {},
      { java: true, level: 3, sub: { a: [1] } },
      ['java'],
      '{"java": true}',
      Object.fromEntries(labels(64).map((label) => [label, true])),
    ],
    [7, true, [1], { ['a'.repeat(65)]: true }, Object.fromEntries(labels(65).map((label) => [label, true]))],
  ],
  ['registration', (zone) => registration({ zone }), ['eu-1a', 'z'.repeat(64)], ['z'.repeat(65), 1]],
  ['registration', (bootId) => registration({ bootId }), ['b'.repeat(64)], ['b'.repeat(65), 1]],
  ['registration', (workerLoadFactor) => registration({ workerLoadFactor }), [0.1, 1, 2.0], ['1', true]],
  [
    'registration',
    (heartbeatTimeoutMs) => registration({ heartbeatTimeoutMs }),
    [1000, 86400000],
    [0, -1, 1.5, '1000'],
  ],
  [
    'heartbeat',
    (status) => ({ status }),
    ['ACTIVE', 'IDLE', 'BUSY', 'MAINTENANCE', 'ERROR'],
    ['DRAINING', 'INACTIVE', 'active', '', 1],
  ],
  ['heartbeat', (currentJobCount) => ({ currentJobCount }), [0, 2147483647], [-1, 2147483648, 1.5, '1']],
  ['heartbeat', (availableCapacity) => ({ availableCapacity }), [0], [-1]],
  ['heartbeat', (cpuUsage) => ({ cpuUsage }), [0, 45.5, 100], [-0.1, 100.1, '45.5']],
  ['heartbeat', (memoryUsage) => ({ memoryUsage }), [0, 100], [-1, 101]],
  ['heartbeat', (errorCount) => ({ errorCount }), [0], [-1]],
  ['heartbeat', (message) => ({ message }), ['', 'm'.repeat(256)], ['m'.repeat(257), 1]],
  [
    'heartbeat',
    (jobs) => ({ jobs }),
    [[], ['j', 'j'], labels(1024), ['j'.repeat(128)]],
    [labels(1025), ['j'.repeat(129)], [1], 'j'],
  ],
  ['heartbeat', (seq) => ({ seq }), [0, 9007199254740991], [1.5, '1']],
  ['deregistration', (drain) => ({ drain }), [true, false], [1, 'true']],
  ['deregistration', (forceDeregister) => ({ forceDeregister }), [true], [1]],
  ['will', (connection) => ({ connection }), [0, 1], ['1', 1.5]],
  ['request-list', (limit) => ({ limit }), [1, 1000], [0, 1001, '1']],
  ['request-list', (cursor) => ({ cursor }), ['', 'x'.repeat(256)], ['x'.repeat(257), 96]],
  ['request-list', (status) => ({ status }), ['DRAINING'], ['GONE']],
  ['request-list', (namePrefix) => ({ namePrefix }), ['', 'p'.repeat(256)], ['p'.repeat(257), 1]],
  ['request-list', (minimumFreeCapacity) => ({ minimumFreeCapacity }), [0, 2147483647], [-1, 2147483648, '1']],
  ['request-find', (sort) => ({ sort }), ['freeCapacity'], ['name', 1]],
  ['request-find', (limit) => ({ limit }), [1, 1000], [0, 1001]],
  ['request-events', (from) => ({ from }), ['', '0-0', '1760000000000', '1760000000000-0'], ['x', '1-', 1]],
  ['request-events', (type) => ({ type }), ['failed', 'refused'], [1, 'gone']],
  ['request-worker', (reason) => ({ workerId: 'w1', reason }), ['r'.repeat(256)], ['r'.repeat(257), 1]],
  ['request-cleanup', (workerId) => ({ workerId }), ['w1'], ['w/1', 1]],
  ['request-export', (limit) => ({ limit }), [1, 1000], [0, 1001]],
  [
    'request-import',
    (count) => ({ workers: Array(count).fill({ ...registration({}), workerId: 'w1' }) }),
    [0, 100],
    [101],
  ],
  [
    'alert',
    (rule) => ({ rule, state: 'raised', severity: 'info', since: 1, at: 1, message: '' }),
    ['a_1'],
    ['1a', 'A'],
  ],
  ['command', (command) => ({ command, at: 1 }), ['reregister', 'drain', 'ping'], ['stop', 1]],
  [
    'reply',
    (fields) => ({ success: true, code: 'ok', ...fields }),
    [{}, { success: false, code: 'not_found' }],
    [{ success: false }, { code: 'not_found' }, { code: 'no_code' }],
  ],
  [
    'registry',
    (fields) => ({ instance: 'h-1', ...fields }),
    [{ state: 'offline' }, { state: 'online', role: 'standby', at: 1 }],
    [{ state: 'online' }, { state: 'online', role: 'idle', at: 1 }, {}],
  ],
  ['canary', (number) => ({ instance: 'h-1', number }), [1], [0, '1']],
];

test('every limit that a schema can express is where the registry has it', () => {
  for (const [name, payloadOf, good, bad] of limits) {
    for (const value of good) {
      assert.ok(
        accepts(name, payloadOf(value)),
        `${name} refuses ${JSON.stringify(payloadOf(value)).slice(0, 100)}: ${ajv.errorsText()}`,
      );
    }
    for (const value of bad) {
      assert.ok(!accepts(name, payloadOf(value)), `${name} accepts ${JSON.stringify(payloadOf(value)).slice(0, 100)}`);
    }
  }
});

// A vector shows one field; those that a registration cannot be without are added.
const completed = (message, value) =>
  message === 'registration' && Object.prototype.toString.call(value) === '[object Object]'
    ? registration(value)
    : value;
const schemaOfMessage = {
  query: ['request-list', 'request-find', 'request-events', 'request-export'],
  registrations: ['request-register-batch', 'gateway-register'],
  heartbeats: ['gateway-heartbeat'],
  deregistrations: ['gateway-deregister'],
  wills: ['gateway-will'],
};
const schemasOf = (message) => schemaOfMessage[message] ?? [message];

const casesOf = (vector) =>
  valuesOf(vector).flatMap((value) =>
    vector.messages.map((message) => ({ message, value: completed(message, value) })),
  );
// The items of a batch are looked at one by one, later: what is wrong in them is not wrong with the batch.
const isOfItem = ({ keyword, instancePath }) => keyword === 'if' || /^(\/workers)?\/\d/.test(instancePath);
const complaintsAbout = ({ message, value }) =>
  schemasOf(message)
    .flatMap((name) => (accepts(name, value) ? [] : [...ajv.errors]))
    .filter((complaint) => !(message in schemaOfMessage && isOfItem(complaint)));

// The vectors say what decoding makes of a payload. Ranges are looked at later, and the schemas have them too.
const isRange = ({ keyword, instancePath }) =>
  ['minimum', 'maximum'].includes(keyword) ||
  (keyword === 'pattern' && ['/name', '/workerId'].includes(instancePath)) ||
  instancePath === '/sort';
const isBranch = ({ keyword, params }) => keyword === 'anyOf' || (keyword === 'type' && params.type === 'null');

test('every valid vector is accepted, but for ranges', () => {
  const isRefusedLater = ({ path, decoded }) => path.startsWith('batch/') && decoded.items === undefined;
  const cases = readVectors()
    .filter((vector) => vector.code === 'ok' && !isRefusedLater(vector))
    .flatMap((vector) => casesOf(vector).map((each) => ({ ...each, path: vector.path })));
  assert.ok(cases.length > 100);
  for (const each of cases) {
    const complaints = complaintsAbout(each);
    const others = complaints.filter((complaint) => !isRange(complaint) && !isBranch(complaint));
    assert.deepEqual(
      others.map(({ instancePath, message }) => `${instancePath} ${message}`),
      [],
      each.path,
    );
    assert.ok(complaints.length === 0 || complaints.some(isRange), each.path);
  }
});

// What a schema cannot see: bytes, names, the whole payload, and what is inside a text.
const unseen = [
  /UTF-8/,
  /^payload must/,
  /given once|come twice/,
  /names? (that are not|must be) text/,
  /binary data|not finite|beyond 64 bits/,
  /^capabilities must be (valid JSON|one value|nested|an object, a list, or the JSON text of one)/,
];
const accepted = {
  'registration/name_bytes_not_characters.json': 'as many characters as there may be bytes',
  'registration/tags_text_65.json': 'a count within a text',
  'registration/tags_item_control.json': 'within a text',
  'registration/capabilities_control_in_value.json': 'any value will do',
  'registration/integer_below_int64.json': 'beyond the precision of JavaScript',
  'registration/integer_beyond_int64.json': 'beyond the precision of JavaScript',
};

test('every invalid vector is refused where a schema can see what is wrong', () => {
  const sentencesOf = ({ errors, jsonErrors, msgpackErrors }) =>
    [errors, jsonErrors, msgpackErrors].flat().filter(Boolean);
  const seen = readVectors()
    .filter((vector) => vector.code !== 'ok' && !vector.malformed)
    .filter((vector) => !sentencesOf(vector).every((sentence) => unseen.some((pattern) => pattern.test(sentence))));
  assert.ok(seen.length > 40);
  for (const vector of seen) {
    const passed = casesOf(vector).some((each) => complaintsAbout(each).length === 0);
    assert.equal(passed, vector.path in accepted, vector.path);
  }
});
