// statistics.test.mjs -- medians, quantiles and ratios.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, quantile, ratios, spread } from './statistics.mjs';

test('median of an even number of values is between the two in the middle', () => {
  assert.equal(median([9, 1, 4, 2]), 3);
  assert.equal(median([9, 1, 4]), 4);
});

test('quantile is a value that was measured, and of nothing is none', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(quantile(values, 0.99), 198);
  assert.equal(quantile([7], 0.01), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('spread tells least and most of all rounds', () => {
  assert.deepEqual(spread([3, 10, 2]), { median: 3, least: 2, most: 10, rounds: 3 });
});

test('ratios are taken round by round where there are as many rounds, else of the medians', () => {
  assert.deepEqual(ratios([10, 30], [5, 10]), [2, 3]);
  assert.deepEqual(ratios([10, 30, 20], [5, 15]), [2]);
});
