// tour.test.mjs -- README.md at the top: its tour is executed line by line, its quotations and tables are those of the sources.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { configurationKeys, seedProperties, updatedReadme } from './configuration.mjs';
import { pathOf, read } from './contract.mjs';
import { World, binaries, until } from '../support/world.mjs';

const readme = read('README.md');
const sectionOf = (heading) => readme.split(/^## /m).find((section) => section.startsWith(`${heading}\n`));
const blocksOf = (text, language) =>
  [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].filter((match) => match[1] === language).map((match) => match[2]);
const linesOf = (block) => block.split('\n').filter((line) => line !== '');

const PROBE = 'is anybody there';

let world;

// The tour's programs find the private servers: each is a script that adds the port.
function wrap(program, options) {
  const file = join(world.folder, 'bin', program);
  const real = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
  writeFileSync(file, `#!/bin/sh\nexec ${real} ${options} "$@"\n`);
  chmodSync(file, 0o755);
}

const environment = () => ({
  ...process.env,
  PATH: `${join(world.folder, 'bin')}:${process.env.PATH}`,
  MUSTER_MQTT_URI: `tcp://127.0.0.1:${world.mqttPort}`,
});

const placed = (line) =>
  line.replace('127.0.0.1:8420', `127.0.0.1:${world.httpPort}`).replace('build/bin/', `${binaries}/`);

// The settings that scripts/run starts musterd with.
const settingsOfRun = () => [...read('scripts/run').matchAll(/^ +-o ([a-z_.]+=\w+)$/gm)].map((match) => match[1]);

before(async () => {
  world = new World();
  mkdirSync(join(world.folder, 'bin'));
  await world.startBroker();
  await world.startRedis();
  const settings = settingsOfRun();
  assert.ok(settings.includes('worker.heartbeat_timeout_ms=3000'));
  await world.startRegistry(settings);
  wrap('mosquitto_pub', `-p ${world.mqttPort}`);
  wrap('mosquitto_sub', `-p ${world.mqttPort}`);
  wrap('redis-cli', `-p ${world.redisPort}`);
});

after(() => world.stop());

// Runs a line of the tour; what it says is compared with the comment behind it, unless that is a time that is left.
function walk(line) {
  const done = spawnSync('sh', ['-c', placed(line)], { env: environment(), encoding: 'utf8' });
  assert.equal(done.status, 0, `${line}: ${done.stderr}`);
  const said = done.stdout.trim().replaceAll('\n', ' ');
  const promised = line.match(/ # (.*)$/)?.[1];
  if (promised?.includes('how long until')) {
    assert.ok(Number(said) > 0 && Number(said) <= 10000, `${line}: ${said}`);
  } else if (promised !== undefined) {
    assert.equal(said, promised, line);
  }
  return done.stdout;
}

test('the tour goes as it says', async () => {
  const tour = sectionOf('Five minutes, by hand');
  const [look, act, review] = blocksOf(tour, 'sh').map(linesOf);
  const watcher = spawn('sh', ['-c', `exec ${placed(look[0])}`], { env: environment() });
  let seen = '';
  watcher.stdout.on('data', (chunk) => (seen += chunk));
  try {
    await until('the subscription', () => {
      const probe = ['-p', String(world.mqttPort), '-t', 'muster/v1/event/probe/w1', '-m', PROBE];
      assert.equal(spawnSync('mosquitto_pub', probe).status, 0);
      return seen.includes(PROBE);
    });
    for (const line of act) {
      walk(line);
    }
    await until('the end of the worker', () => seen.includes('muster/v1/event/cleaned_up/w1'));
    const topics = linesOf(seen)
      .filter((line) => !line.includes(PROBE))
      .map((line) => line.split(' ')[0]);
    const promised = linesOf(blocksOf(tour, '')[0]).map((line) => line.split(' ')[0]);
    assert.deepEqual(
      topics.filter((topic) => !topic.startsWith('muster/v1/status/')),
      promised,
    );
    assert.match(seen, /event\/failed\/w1 .*"orphanedJobs":\["job-17"\]/);
    for (const line of review.filter((each) => !each.startsWith('scripts/'))) {
      assert.match(walk(line), /w1/, line);
    }
  } finally {
    watcher.kill();
  }
});

test('the example is the file that is built and tested, whole', () => {
  assert.deepEqual(blocksOf(readme, 'c'), [read('tests/integration/agent/example.c')]);
});

test('every property of the replaced system is known, and every key that took its place names it', () => {
  const named = configurationKeys().flatMap(({ seedName }) => seedName?.replace('jobscheduler.worker.', '') ?? []);
  const without = Object.keys(seedProperties).filter((property) => seedProperties[property] === null);
  assert.deepEqual(named.sort(), without.sort());
});

test('the tables of the configuration are those of the code (node configuration.mjs writes them)', () => {
  assert.ok(configurationKeys().length > 30);
  assert.ok(configurationKeys().every(({ defaultText, help }) => defaultText !== undefined && help));
  assert.ok(readme === updatedReadme(), 'README.md is behind src/config/table.c');
});

test('every file and test that is named exists', () => {
  const tests = [...readme.matchAll(/ctest .*-R (unit|integration|e2e)\/(\w+)/g)];
  assert.ok(tests.length > 0);
  for (const [, room, noun] of tests) {
    assert.ok(existsSync(pathOf(`tests/${room}/test_${noun}.c`)), `${room}/${noun}`);
  }
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]);
  const folders = blocksOf(sectionOf('What is where'), '')[0]
    .split('\n')
    .flatMap((line) =>
      /^  /.test(line) ? [...line.split(/ {3,}/)[0].matchAll(/(\w+)\//g)].map(([, name]) => `src/${name}`) : [],
    );
  assert.ok(folders.length > 8);
  for (const path of [...links, ...folders]) {
    assert.ok(existsSync(pathOf(path)), path);
  }
});

test('every room is on the map', () => {
  const rooms = read('src/CMakeLists.txt')
    .match(/set\(rooms ([^)]+)\)/)[1]
    .split(/\s+/);
  for (const room of rooms) {
    assert.match(sectionOf('What is where'), new RegExp(`\\b${room}/`), room);
  }
});
