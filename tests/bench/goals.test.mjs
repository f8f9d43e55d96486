// goals.test.mjs -- which goals are told, and which of them are met.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './goals.mjs';
import { sizes } from './sizes.mjs';

const found = (figures, figure) => judge(figures, sizes.full).filter((goal) => goal.figure === figure);

test('ratio to a yardstick decides, round by round', () => {
  const figures = { 'rate.musterd0': [65, 80, 60], 'rate.counter0': [100, 100, 100], 'rate.node0': [20, 20, 20] };
  const [counter, node, ...others] = found(figures, 'rate.musterd0');
  assert.equal(counter.ratio.median, 0.65);
  assert.equal(counter.isMet, true);
  assert.equal(node.isMet, false);
  assert.deepEqual(others, []);
});

test('bound of a value holds for its unit, and for the quantile that is asked for', () => {
  const figures = { 'resident.100000.before': [65 * 1048576], 'find.100000.all': Array.from({ length: 100 }, (_, at) => at) };
  assert.equal(found(figures, 'resident.100000.before')[0].isMet, false);
  assert.equal(found(figures, 'find.100000.all')[0].value, 98);
  assert.equal(found(figures, 'find.100000.all')[0].isMet, false);
});

test('loss is wrong at any speed', () => {
  const [goal] = found({ 'registrations.stormLost': [0, 0, 1] }, 'registrations.stormLost');
  assert.ok(goal.must && !goal.isMet);
  assert.equal(found({}, 'registrations.stormLost').length, 0);
});
