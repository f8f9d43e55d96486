// climb.test.mjs -- the search for the highest rate, on a chain of known strength.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { climb } from './climb.mjs';

const log = () => {};

// Carries what it can; what is more waits, and beyond that is lost.
const chain = ({ carries, keeps }) => ({
  name: 'chain',
  async step({ workers, duration, 'heartbeat-interval-ms': intervalMs }) {
    const offered = (workers * 1000) / intervalMs;
    const sent = offered * duration;
    const isWhole = offered <= keeps;
    return { sent, arrived: isWhole ? sent : sent - 1, rate: Math.min(offered, carries) };
  },
});

test('a chain that is not full yet is sent more until it lags behind', async () => {
  const rate = await climb(chain({ carries: 30000, keeps: 1e9 }), { seconds: 1, steps: 10, from: 10000, log });
  assert.equal(rate, 30000);
});

test('a rate at which one heartbeat is lost does not count', async () => {
  const rate = await climb(chain({ carries: 1e9, keeps: 20000 }), { seconds: 1, steps: 10, from: 50000, log });
  assert.ok(rate <= 20000 && rate > 16000, `is ${rate}`);
});

test('a chain that carries nothing is 0', async () => {
  assert.equal(await climb(chain({ carries: 1000, keeps: 0 }), { seconds: 1, steps: 10, from: 5000, log }), 0);
});
