// callgrind.test.mjs -- what counts of a profile, and what is too much.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allInstructions, excessesOf, ownInstructions } from './callgrind.mjs';

const profile = `version: 1
events: Ir

ob=(1) /usr/bin/musterd
fn=(1) decode
0 40
cob=(2) /lib/libc.so.6
cfn=(2) memcpy
calls=3 0
0 900
+3 2

ob=(2)
fn=(2)
0 900

ob=(1)
fn=(3) store
* 8
cfn=(1)
calls=1 0
0 42

totals: 950
`;

test('only lines of own functions count, and no line of a call', () => {
  assert.equal(ownInstructions(profile, '/musterd'), 50);
  assert.equal(ownInstructions(profile, '/libc.so.6'), 900);
});

test('all that ran is the profile’s own total', () => {
  assert.equal(allInstructions(profile), 950);
});

test('more than a tenth above what is kept is told, less is not', () => {
  assert.deepEqual(excessesOf({ json: 1100, msgpack: 900 }, { json: 1000, msgpack: 1000 }), []);
  assert.equal(excessesOf({ json: 1101 }, { json: 1000 }).length, 1);
});

test('count that is not kept is told', () => {
  assert.match(excessesOf({ gateway: 1 }, {})[0], /gateway: 1 .* none are kept/);
});
