// seed.test.mjs -- the table in topics/README.md of where the replaced system's endpoints and capabilities are now: complete,
// and every topic, request, route and test in it exists.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { pathOf, read, readAsyncapi, sectionOf } from './contract.mjs';
import { PREFIX, operations } from './openapi.mjs';

// As its documentation lists them.
const endpoints = [
  'POST /register',
  'POST /{workerId}/heartbeat',
  'POST /{workerId}/deregister',
  'POST /{workerId}/force-deregister',
  'GET /{workerId}/health',
  'GET /health/system',
  'GET /health/summary',
  'GET /{workerId}/status',
  'POST /register/batch',
  'POST /health/check',
  'POST /cleanup/failed',
  'GET /config',
];
const capabilities = [
  'Registration Process',
  'Worker Validation System',
  'Heartbeat Processing',
  'Heartbeat Request Structure',
  'Continuous health monitoring',
  'Comprehensive Health Checks',
  'Failed Worker Cleanup',
  'Rate Limiting and Protection',
  'Intelligent Health Status Tracking',
  'System-wide Health Statistics',
  'Application Properties',
  'Concurrent Processing',
  'Batch Operations',
  'Caching',
  'Automatic Recovery',
  'Alert System',
  'Consecutive Failure Tracking',
  'Manual Intervention',
  'Request Sanitization',
  'Audit Logging',
  'Secure Communication',
  'Sensitive Information',
  'Data Encryption',
];
const plans = [
  'Real-time dashboard',
  'Predictive failure analysis',
  'performance trend analysis',
  'Custom alerting rules',
  'Worker authentication and authorization',
  'Certificate-based worker identity',
  'Role-based access control',
  'Audit trail and compliance reporting',
  'machine learning',
  'adaptive intervals',
  'Auto-scaling recommendations',
  'capacity planning',
  'Multi-region registration',
  'cross-datacenter monitoring',
  'Distributed cleanup coordination',
  'Global worker discovery',
];

const section = sectionOf('Where it comes from');
const tableOf = (heading) => {
  const lines = section.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const rest = lines.slice(start + 2);
  return rest
    .slice(
      0,
      rest.findIndex((line) => line === ''),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
};
const quotedIn = (text) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
const topicsAndVerbs = (text) => ({
  topics: [...text.matchAll(/(?<!request )(?<!requests )(?<!and )`([a-z]+(?:\/[^`]+)?)`/g)].map((match) => match[1]),
  verbs: [...text.matchAll(/requests? `([a-z-]+)`(?: and `([a-z-]+)`)?/g)].flatMap((match) =>
    match.slice(1).filter(Boolean),
  ),
});

test('every endpoint of the replaced system has a topic, a route and a test', () => {
  const rows = tableOf('endpoint');
  assert.deepEqual(rows.map(([endpoint]) => quotedIn(endpoint)[0]).sort(), [...endpoints].sort());
  const addresses = Object.values(readAsyncapi().channels).map(({ address }) => address.replace(/\{\w+\}/g, '+'));
  const routes = operations.map(({ method, path }) => `${method} ${path.replace(PREFIX, '')}`);
  for (const [endpoint, where, route, tests] of rows) {
    const { topics, verbs } = topicsAndVerbs(where);
    assert.ok(topics.length + verbs.length > 0, endpoint);
    for (const topic of topics) {
      assert.ok(addresses.includes(`muster/v1/${topic.replace(/\{\w+\}/g, '+')}`), `${endpoint}: ${topic}`);
    }
    for (const verb of verbs) {
      assert.ok(addresses.includes(`muster/v1/request/+/${verb}`), `${endpoint}: ${verb}`);
    }
    assert.equal(quotedIn(route)[0], quotedIn(endpoint)[0]);
    assert.ok(routes.includes(quotedIn(route)[0]), endpoint);
    assert.ok(quotedIn(tests).length > 0, endpoint);
  }
});

test('every capability and every plan of the replaced system is in the table', () => {
  assert.deepEqual(
    tableOf('capability')
      .map(([name]) => name)
      .sort(),
    [...capabilities].sort(),
  );
  assert.deepEqual(
    tableOf('what was planned')
      .flatMap(([names]) => names.split(', '))
      .sort(),
    [...plans].sort(),
  );
});

test('what is there has a test, and what has no test says that it is not there', () => {
  for (const [name, here, tests] of [...tableOf('capability'), ...tableOf('what was planned')]) {
    assert.equal(quotedIn(tests).length === 0, /\bnone\b/.test(here), name);
  }
});

const lists = { e2e: 'tests/e2e/CMakeLists.txt' };

// Whether ctest knows it: its file is there and its folder's list names it.
function isTest(name) {
  const parts = name.split('/');
  const noun = parts.pop();
  const folder = `tests/${parts.join('/')}`;
  if (parts[0] === 'contract') {
    return existsSync(pathOf(`${folder}/${noun}.test.mjs`));
  }
  const list = read(lists[parts[0]] ?? `${folder}/CMakeLists.txt`);
  return existsSync(pathOf(`${folder}/test_${noun}.c`)) && new RegExp(`\\b${noun}\\b`).test(list);
}

test('every test that is named exists', () => {
  const named = [
    ...tableOf('endpoint').map((row) => row[3]),
    ...tableOf('capability').map((row) => row[2]),
    ...tableOf('what was planned').map((row) => row[2]),
  ].flatMap(quotedIn);
  assert.ok(named.length > 40);
  assert.deepEqual(
    [...new Set(named)].filter((name) => !isTest(name)),
    [],
  );
});

test('every verb, key and section that a capability is said to be in exists', () => {
  const verbs = Object.values(readAsyncapi().channels).flatMap(
    ({ address }) => address.match(/request\/\{client\}\/(.+)/)?.[1] ?? [],
  );
  const table = read('src/config/table.c');
  for (const [name, here] of [...tableOf('capability'), ...tableOf('what was planned')]) {
    for (const verb of topicsAndVerbs(here).verbs) {
      assert.ok(verbs.includes(verb), `${name}: ${verb}`);
    }
    for (const key of quotedIn(here).filter((each) => /^[a-z]+\.[a-z_]+$/.test(each))) {
      assert.ok(table.includes(`AT(${key})`), `${name}: ${key}`);
    }
  }
});
