// vectors.test.mjs -- topics/vectors: well-formed, and the MessagePack of each as another implementation reads it.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { decode } from '@msgpack/msgpack';
import { namesOfMacro, pathOf, read } from './contract.mjs';

const folder = 'topics/vectors';
const batches = ['registrations', 'heartbeats', 'deregistrations', 'wills'];
const messages = ['registration', 'heartbeat', 'deregistration', 'will', 'query', ...batches];
const known = ['title', 'messages', 'json', 'jsonHex', 'msgpack', 'malformed', 'code', 'errors', 'jsonErrors', 'msgpackErrors', 'decoded'];
const codes = namesOfMacro('src/domain/code.h', 'REPLY_CODES');

const paths = readdirSync(pathOf(folder), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(pathOf(join(folder, name))).map((file) => join(name, file)));
const vectors = paths.map((path) => ({ path, ...JSON.parse(read(join(folder, path))) }));

// A payload is a text, or a list of texts and repetitions.
const assemble = (payload) =>
  [payload].flat().map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.times))).join('');
const bytesOf = (payload) => Buffer.from(assemble(payload), 'hex');
const decodeMsgpack = ({ msgpack }) => decode(bytesOf(msgpack));
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const parseJson = ({ json, jsonHex }) => JSON.parse(json !== undefined ? assemble(json) : utf8.decode(bytesOf(jsonHex)));

// Without the sign of a zero.
const plain = (value) => JSON.parse(JSON.stringify(value));

const succeeds = (action) => {
  try {
    action();
    return true;
  } catch {
    return false;
  }
};

test('there are vectors, and each says what it is', () => {
  assert.ok(vectors.length > 200);
  for (const vector of vectors) {
    const { path, title, code, errors, jsonErrors, msgpackErrors, decoded } = vector;
    const hasJson = vector.json !== undefined || vector.jsonHex !== undefined;
    assert.deepEqual(Object.keys(vector).filter((key) => key !== 'path' && !known.includes(key)), [], path);
    assert.ok(title, path);
    assert.ok(vector.messages.length > 0 && vector.messages.every((message) => messages.includes(message)), path);
    assert.ok(hasJson || vector.msgpack !== undefined, path);
    assert.ok(codes.includes(code), path);
    assert.equal(decoded !== undefined, code === 'ok', path);
    assert.equal(errors !== undefined || (jsonErrors !== undefined && msgpackErrors !== undefined), code !== 'ok', path);
  }
});

test('hexadecimal payloads are whole bytes', () => {
  for (const { path, jsonHex = '', msgpack = '' } of vectors) {
    for (const hex of [assemble(jsonHex), assemble(msgpack)]) {
      assert.match(hex, /^([0-9a-f]{2})*$/, path);
    }
  }
});

// Numbers of more than 53 bits lose their last bits alike on both sides.
test('both encodings of a valid payload carry the same', () => {
  const both = vectors.filter(({ code, json, msgpack }) => code === 'ok' && json !== undefined && msgpack !== undefined);
  assert.ok(both.length > 100);
  for (const vector of both) {
    assert.ok(isDeepStrictEqual(plain(decodeMsgpack(vector)), plain(parseJson(vector))), vector.path);
  }
});

test('a valid payload in MessagePack alone is valid for another implementation', () => {
  const alone = vectors.filter(({ code, json, msgpack }) => code === 'ok' && json === undefined && msgpack);
  assert.ok(alone.length > 0);
  for (const vector of alone) {
    assert.equal(typeof decodeMsgpack(vector), 'object', vector.path);
  }
});

test('a malformed payload is malformed for other implementations too', () => {
  const malformed = vectors.filter((vector) => vector.malformed);
  assert.ok(malformed.length > 30);
  for (const vector of malformed) {
    if (vector.msgpack !== undefined) {
      assert.ok(!succeeds(() => decodeMsgpack(vector)), `${vector.path}: MessagePack`);
    }
    if (vector.json !== undefined || vector.jsonHex !== undefined) {
      assert.ok(!succeeds(() => parseJson(vector)), `${vector.path}: JSON`);
    }
  }
});
