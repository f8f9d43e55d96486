// main.mjs -- runs the measures, round by round, one after the other, and writes what they found.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pathOf, read } from '../support/repository.mjs';
import { judge } from './goals.mjs';
import * as death from './measures/death.mjs';
import * as etcd from './measures/etcd.mjs';
import * as fleet from './measures/fleet.mjs';
import * as lateness from './measures/lateness.mjs';
import * as merging from './measures/merging.mjs';
import * as outflow from './measures/outflow.mjs';
import * as redis from './measures/redis.mjs';
import * as registrations from './measures/registrations.mjs';
import * as store from './measures/store.mjs';
import * as throughput from './measures/throughput.mjs';
import { drawAll } from './plots.mjs';
import { reportOf } from './report.mjs';
import { sizes as allSizes } from './sizes.mjs';
import { Stand } from './stand.mjs';

const measures = { throughput, merging, etcd, redis, registrations, store, fleet, lateness, outflow, death };

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      long: { type: 'boolean' },
      rounds: { type: 'string' },
      output: { type: 'string', default: pathOf('build/bench') },
    },
  });
  const unknown = positionals.filter((name) => !(name in measures));
  const sizes = allSizes[values.quick ? 'quick' : values.long ? 'long' : 'full'];
  const rounds = Number(values.rounds ?? sizes.rounds);
  if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`benchmarks are ${Object.keys(measures).join(', ')}; rounds a whole number from 1`);
  }
  return { sizes, rounds, output: values.output, names: positionals.length > 0 ? positionals : Object.keys(measures) };
}

const firstLine = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0];

function machine() {
  const settings = read('docker/redis.conf').match(/^(appendonly|appendfsync|save|auto-aof-\S+) .*$/gm);
  return {
    at: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cores: cpus().length,
    processor: cpus()[0].model.trim(),
    load: readFileSync('/proc/loadavg', 'utf8').split(' ')[0],
    versions: [
      `mosquitto ${/[\d.]+/.exec(firstLine('dpkg-query', '-W', '-f', '${Version}', 'mosquitto'))[0]}`,
      `Redis ${/v=([\d.]+)/.exec(firstLine('redis-server', '--version'))[1]}`,
      `etcd ${/[\d.]+/.exec(firstLine('etcd', '--version'))[0]}`,
      `Node.js ${process.version.slice(1)}`,
    ],
    persistence: settings.join(', '),
  };
}

async function run({ sizes, rounds, names }) {
  const figures = {};
  const began = performance.now();
  const log = (text) => console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);
  const record = (key, value) => (figures[key] ??= []).push(value);
  const context = { sizes, rounds, log, record };
  for (let round = 0; round < rounds; round++) {
    for (const name of names.filter((each) => round === 0 || measures[each].rounds === 'shared')) {
      const { title, measure, rounds: kind } = measures[name];
      log(`${title}${kind === 'shared' ? `, round ${round + 1} of ${rounds}` : ''}`);
      await measure(context);
    }
  }
  return figures;
}

// Writes report, plots and figures; false where something was lost: that is no matter of speed.
function tell({ sizes, output }, figures) {
  mkdirSync(output, { recursive: true });
  const judged = judge(figures, sizes);
  const plots = drawAll(figures, sizes, output);
  const command = ['tests/bench/run', ...process.argv.slice(2)].join(' ');
  const report = reportOf({ machine: machine(), command, figures, judged, plots });
  writeFileSync(join(output, 'report.md'), report);
  writeFileSync(join(output, 'results.json'), `${JSON.stringify({ machine: machine(), sizes, figures }, null, 2)}\n`);
  console.log(report);
  console.log(`${output} has report.md, results.json and the plots.`);
  const wrong = judged.filter(({ must, isMet }) => must && !isMet).map(({ what }) => what);
  wrong.push(...Object.keys(figures).filter((key) => key.startsWith('rate.') && figures[key].includes(0)));
  for (const what of wrong) {
    console.error(`wrong: ${what}`);
  }
  return wrong.length === 0;
}

async function end(status) {
  await Stand.endAll();
  process.exit(status);
}

const plan = parse();
process.on('SIGINT', () => end(130));
process.on('SIGTERM', () => end(143));
setTimeout(() => {
  console.error(`still not done after ${plan.sizes.limitMinutes} minutes`);
  end(1);
}, plan.sizes.limitMinutes * 60000).unref();
try {
  const figures = await run(plan);
  await end(tell(plan, figures) ? 0 : 1);
} catch (error) {
  console.error(error);
  await end(1);
}
