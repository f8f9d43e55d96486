// asyncapi.test.mjs -- topics/asyncapi.yaml: valid by the official parser, its examples by the schemas, and true.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser, fromFile } from '@asyncapi/parser';
import {
  firstColumnOf,
  newClosedValidator,
  newValidator,
  pathOf,
  read,
  readAsyncapi,
  readSchema,
  schemaNames,
  sectionOf,
} from './contract.mjs';

const asyncapi = readAsyncapi();
const messages = Object.entries(asyncapi.components.messages);
const channelOf = (operation) => asyncapi.channels[operation.channel.$ref.split('/').pop()];
const fileOf = (message) => message.payload?.$ref.split('/').pop();

test('the official parser finds nothing wrong', async () => {
  const { document, diagnostics } = await fromFile(new Parser(), pathOf('topics/asyncapi.yaml')).parse();
  const complaints = diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version');
  assert.deepEqual(
    complaints.map(({ path, message }) => `${path.join('.')}: ${message}`),
    [],
  );
  assert.equal(document.version(), '3.0.0');
  assert.equal(document.channels().all().length, Object.keys(asyncapi.channels).length);
});

test('every payload is resolved to its schema by the official parser', async () => {
  const { document } = await fromFile(new Parser(), pathOf('topics/asyncapi.yaml')).parse();
  const withPayload = messages.filter(([, message]) => message.payload !== undefined);
  assert.ok(withPayload.length > 0);
  for (const [name, message] of withPayload) {
    const resolved = document.components().messages().get(name).payload();
    assert.equal(resolved.title(), readSchema(fileOf(message)).title, name);
  }
});

test('every schema is the payload of a message, the body of an HTTP request or answer, or part of another', () => {
  const bodies = [...read('topics/openapi.yaml').matchAll(/schemas\/([\w-]+\.json)/g)].map(([, name]) => name);
  const parts = schemaNames.flatMap((name) => [
    ...read(`topics/schemas/${name}`).matchAll(/"\$ref": "([\w-]+\.json)/g),
  ]);
  const used = new Set([
    ...messages.map(([, message]) => fileOf(message)),
    ...bodies,
    ...parts.map(([, name]) => name),
  ]);
  assert.deepEqual(
    schemaNames.filter((name) => !used.has(name)),
    [],
  );
});

test('every message with a payload has examples that its schema accepts', () => {
  const ajv = newValidator();
  for (const [name, message] of messages.filter(([, { payload }]) => payload !== undefined)) {
    assert.ok(message.examples?.length > 0, `${name} has no example`);
    for (const example of message.examples) {
      assert.ok(ajv.validate(fileOf(message), example.payload), `${name}, ${example.name}: ${ajv.errorsText()}`);
    }
  }
});

// Schemas let unknown fields pass, as the registry does; a misspelt one in an example would go unseen.
test('no example has a field that its schema does not name', () => {
  const { ajv, compile } = newClosedValidator();
  for (const [name, message] of messages.filter(([, { payload }]) => payload !== undefined)) {
    const accepts = compile({ $ref: fileOf(message) });
    for (const example of message.examples) {
      assert.ok(accepts(example.payload), `${name}, ${example.name}: ${ajv.errorsText(accepts.errors)}`);
    }
  }
});

test('the channels are the topics of the README', () => {
  const plain = (topic) => topic.replace(/\{\w+\}/g, '+').replace(/^(muster\/v1\/request\/\+)\/.*$/, '$1/+');
  const channels = new Set(Object.values(asyncapi.channels).map(({ address }) => plain(address)));
  const topics = new Set(firstColumnOf(sectionOf('Topics')).map(plain));
  assert.deepEqual([...channels].sort(), [...topics].sort());
});

test('the verbs are those of the README and of the registry', () => {
  const channels = Object.values(asyncapi.channels).map(
    ({ address }) => address.match(/request\/\{client\}\/(.+)/)?.[1],
  );
  const readme = firstColumnOf(sectionOf('Requests'));
  const query = read('src/registry/request.c');
  const code = [...query.matchAll(/^ {4}\{\.name = "([a-z-]+)"/gm)];
  assert.deepEqual(channels.filter(Boolean).sort(), readme.sort());
  assert.deepEqual(code.map((match) => match[1]).sort(), readme.sort());
});

test('what is received is what the registry subscribes to', () => {
  const intake = read('src/registry/intake.c');
  const lists = [...intake.matchAll(/_filters\[\] = \{([^}]*)\}/g)].map((match) => match[1]).join(',');
  const forAWhile = [...read('src/registry/restate.c').matchAll(/"(status\/\+)"/g)];
  const filters = new Set([...lists.matchAll(/"([^"]+)"/g), ...forAWhile].map((match) => match[1]));
  const received = Object.values(asyncapi.operations).filter(({ action }) => action === 'receive');
  const addresses = received.map((operation) => channelOf(operation).address.replace('muster/v1/', ''));
  const covered = (filter) => new RegExp(`^${filter.replaceAll('+', '[^/]+')}$`);
  for (const address of addresses) {
    assert.ok(
      [...filters].some((filter) => covered(filter).test(address)),
      `nothing subscribes to ${address}`,
    );
  }
  for (const filter of filters) {
    assert.ok(
      addresses.some((address) => covered(filter).test(address)),
      `${filter} is no channel`,
    );
  }
});

test('every channel is received or sent, and every reply goes to a reply channel', () => {
  const operations = Object.values(asyncapi.operations);
  const used = new Set(operations.map((operation) => operation.channel.$ref));
  assert.deepEqual(
    [...used].sort(),
    Object.keys(asyncapi.channels)
      .map((name) => `#/channels/${name}`)
      .sort(),
  );
  for (const { reply } of operations.filter((operation) => operation.reply !== undefined)) {
    assert.match(channelOf(reply).address, /^muster\/v1\/reply\//);
  }
});

test('only what the registry says to all is retained', () => {
  for (const [name, operation] of Object.entries(asyncapi.operations)) {
    const binding = asyncapi.components.operationBindings[operation.bindings.$ref.split('/').pop()].mqtt;
    const address = channelOf(operation).address;
    assert.equal(binding.retain, /^muster\/v1\/(status|registry|alert|system)\b/.test(address), name);
  }
});
