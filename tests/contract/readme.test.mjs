// readme.test.mjs -- topics/README.md and the schemas against the code: codes, statuses, events, fields, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  constantOf,
  firstColumnOf,
  namesOfMacro,
  read,
  readAll,
  readAsyncapi,
  readSchema,
  sectionOf,
} from './contract.mjs';

const { definitions } = readSchema('common.json');
const readLibrary = () => readAll('src/store/functions', '.lua');
const propertiesOf = (name) => Object.keys(readSchema(name).properties ?? {});

test('the codes are those of the code, in the same order', () => {
  const codes = namesOfMacro('src/domain/code.h', 'REPLY_CODES');
  assert.ok(codes.includes('ok'));
  assert.deepEqual(firstColumnOf(sectionOf('Replies')), codes);
  assert.deepEqual(definitions.code.enum, codes);
});

test('the statuses are those of the code', () => {
  const statuses = namesOfMacro('src/domain/worker.h', 'WORKER_STATUSES');
  assert.ok(statuses.includes('ACTIVE'));
  assert.deepEqual(firstColumnOf(sectionOf('Status document')).sort(), [...statuses].sort());
  assert.deepEqual(definitions.status.enum, statuses);
  assert.deepEqual(
    definitions.declaredStatus.enum,
    statuses.filter((name) => !['DRAINING', 'INACTIVE'].includes(name)),
  );
});

test('the healths are those of the code, and each is in the diagram', () => {
  const healths = namesOfMacro('src/domain/worker.h', 'WORKER_HEALTHS');
  assert.deepEqual(definitions.health.enum, healths);
  const diagram = read('topics/README.md').match(/```mermaid\n([^`]*)```/)[1];
  const states = new Set([...diagram.matchAll(/\b[A-Z]{3,}\b/g)].map((match) => match[0]));
  assert.deepEqual([...states].sort(), [...healths].sort());
});

test('the event types are those that the function library emits', () => {
  const library = readLibrary();
  const emitted = [...library.matchAll(/\b(?:emit|depart)\(c, \w+, '(\w+)'/g)].map((match) => match[1]);
  const types = [...new Set(emitted)].sort();
  assert.ok(types.includes('registered'));
  assert.deepEqual(firstColumnOf(sectionOf('Events')).sort(), types);
  assert.deepEqual([...definitions.eventType.enum].sort(), types);
});

test('the types of audit entries are those that the function library notes down', () => {
  const types = new Set([...readLibrary().matchAll(/\bnote_down\(c, '(\w+)'/g)].map((match) => match[1]));
  assert.deepEqual([...definitions.auditType.enum].sort(), [...types].sort());
  for (const type of types) {
    assert.match(sectionOf('Events'), new RegExp(`\`${type}\``), type);
  }
});

test('what notices a failure is told by the name that the code has for it', () => {
  const code = readLibrary() + readAll('src/registry', '.c') + readAll('src/store', '.c');
  for (const name of readSchema('event.json').properties.evidence.properties.foundBy.enum) {
    assert.match(code, new RegExp(`['"]${name}['"]`), name);
    assert.match(sectionOf('Events'), new RegExp(`\`${name}\``), name);
  }
});

test('the alert rules and metrics are those of the code', () => {
  const header = read('src/domain/alert.h');
  const metrics = [...header.matchAll(/X\(\w+, (\w+), \w+, "/g)].map((match) => match[1]);
  const rules = [...read('src/domain/alert.c').matchAll(/\.name = "(\w+)"/g)].map((match) => match[1]);
  assert.ok(metrics.length > 10 && rules.length > 5);
  const reserved = [...read('src/domain/alert.c').matchAll(/text_is\(name, "(\w+)"\)/g)].map((match) => match[1]);
  assert.deepEqual(firstColumnOf(sectionOf('Alerts')).sort(), [...metrics, ...rules, ...reserved].sort());
});

test('every key in Redis is in the table', () => {
  const keys = new Set([...readLibrary().matchAll(/c\.p \.\. '([a-z]+)/g)].map((match) => match[1]));
  const table = sectionOf('Redis');
  assert.ok(keys.size > 15);
  assert.deepEqual(
    [...keys].filter((key) => !new RegExp(`:${key}\\b`).test(table)),
    [],
  );
});

test('every member of a reply that the README lists for a request is one of its schema', () => {
  const asyncapi = readAsyncapi();
  const rows = sectionOf('Requests')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const at = (object) =>
    object.$ref
      .replace('#/', '')
      .split('/')
      .reduce((place, name) => place[name], asyncapi);
  for (const row of rows) {
    const [, verb, , reply] = row.split('|').map((cell) => cell.trim());
    const operation = Object.values(asyncapi.operations).find(({ channel }) =>
      at(channel).address.endsWith(`/{client}/${verb.replaceAll('`', '')}`),
    );
    const schema = at(at(operation.reply.messages[0])).payload.$ref.split('/').pop();
    const known = [...propertiesOf(schema), ...propertiesOf('reply.json'), 'deregister', 'forceDeregister'];
    for (const [, member] of reply.matchAll(/`(\w+)`/g)) {
      assert.ok(known.includes(member), `${verb}: ${member}`);
    }
  }
});

test('every reason of the schema is in the README and in the function library or the registry', () => {
  const library = readLibrary() + read('src/store/worker.c');
  const events = sectionOf('Events');
  for (const reason of definitions.reason.enum) {
    assert.ok(events.includes(`\`${reason}\``), `${reason} is not in the README`);
    assert.match(library, new RegExp(`['"]${reason}['"]`), reason);
  }
});

test('the fields of each message are those of its schema', () => {
  const names = ['registration', 'heartbeat', 'deregistration'];
  for (const name of names) {
    assert.deepEqual(firstColumnOf(sectionOf(name)).sort(), propertiesOf(`${name}.json`).sort(), name);
  }
});

test('the lists of fields in the text are those of the schemas', () => {
  const namedIn = (text) => new Set([...text.matchAll(/`(\w+)`/g)].map((match) => match[1]));
  for (const [heading, file] of [
    ['Status document', 'status.json'],
    ['Events', 'event.json'],
    ['Replies', 'reply.json'],
  ]) {
    const named = namedIn(sectionOf(heading));
    assert.deepEqual(
      propertiesOf(file).filter((field) => !named.has(field)),
      [],
      heading,
    );
  }
});

test('the limits of the schemas are those of the code', () => {
  const limit = (name) => constantOf('src/domain/worker.h', name);
  assert.match(definitions.id.pattern, new RegExp(`\\{0,${limit('WORKER_ID_MAX') - 1}\\}\\$$`));
  assert.equal(definitions.text.maxLength, limit('WORKER_NAME_MAX'));
  assert.equal(definitions.text.maxLength, limit('WORKER_MESSAGE_MAX'));
  assert.equal(definitions.label.maxLength, limit('WORKER_LABEL_MAX'));
  assert.equal(definitions.bootId.maxLength, limit('WORKER_BOOT_ID_MAX'));
  assert.equal(definitions.jobId.maxLength, limit('WORKER_JOB_MAX'));
  assert.equal(definitions.jobs.maxItems, limit('WORKER_JOBS_MAX'));
  assert.equal(definitions.tags.maxItems, limit('WORKER_TAGS_MAX'));
  assert.equal(
    readSchema('registration.json').properties.capabilities.anyOf[0].maxProperties,
    limit('WORKER_CAPABILITIES_MAX'),
  );
});

test('the limits of the README are those of the code', () => {
  const limits = sectionOf('Encoding');
  const row = (name) => limits.split('\n').find((line) => line.startsWith('|') && line.includes(name));
  const limit = (name) => constantOf('src/domain/worker.h', name);
  const message = (name) => constantOf('src/codec/message.h', name);
  assert.match(
    row('a message'),
    new RegExp(`${message('MESSAGE_BYTES_MAX') / 1024} KiB; nesting ${message('MESSAGE_DEPTH_MAX')} `),
  );
  assert.match(row('`name`'), new RegExp(` ${limit('WORKER_NAME_MAX')} bytes`));
  assert.match(
    row('`tags`'),
    new RegExp(` ${limit('WORKER_TAGS_MAX')} of each, each ${limit('WORKER_LABEL_MAX')} bytes`),
  );
  assert.match(
    row('`jobs`'),
    new RegExp(` ${limit('WORKER_JOBS_MAX').toLocaleString('en')}, each ${limit('WORKER_JOB_MAX')} bytes`),
  );
  assert.match(row('`bootId`'), new RegExp(` ${limit('WORKER_BOOT_ID_MAX')} bytes`));
});

test('every limit of a page in the schemas is the one of the registry', () => {
  const query = read('src/registry/query.h');
  const [, least, most] = query.match(/PAGE_DEFAULT = (\d+), PAGE_MAX = (\d+)/);
  for (const name of ['request-list.json', 'request-events.json']) {
    const { limit } = readSchema(name).properties;
    assert.equal(limit.maximum, Number(most), name);
    assert.match(limit.description, new RegExp(`\\b${least}\\b`), name);
  }
});

test('every configuration key that is named exists, with the default that is given', () => {
  const table = read('src/config/table.c');
  const rows = [...table.matchAll(/\{AT\(([a-z]+\.[a-z_]+)\)[^}]*?\.default_text = "([^"]*)"/g)];
  const defaults = new Map(rows.map(([, key, text]) => [key, text]));
  const sections = [...new Set([...defaults.keys()].map((key) => key.split('.')[0]))].join('|');
  const schemas = JSON.stringify(['registration.json', 'heartbeat.json'].map(readSchema));
  const named = [
    ...(read('topics/README.md') + schemas).matchAll(
      new RegExp(`\\b((?:${sections})\\.[a-z_]+)\\b\`?(?: \\(([\\w.]+)\\))?`, 'g'),
    ),
  ].filter(([, key]) => !key.endsWith('.json') && !key.endsWith('.md'));
  assert.ok(named.length > 10);
  for (const [, key, value] of named) {
    assert.ok(defaults.has(key), `${key} is no key`);
    assert.equal(value ?? defaults.get(key), defaults.get(key), key);
  }
});

test('every link within the README leads to a heading', () => {
  const text = read('topics/README.md');
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replace(/ /g, '-'),
  );
  for (const [, anchor] of text.matchAll(/\]\(#([^)]+)\)/g)) {
    assert.ok(headings.includes(anchor), anchor);
  }
});
