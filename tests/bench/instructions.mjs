// instructions.mjs -- how many instructions of musterd's own code a heartbeat takes, held against those that are kept in
// instructions.json. Counted by callgrind, so neither the machine's speed nor its load matters; libraries do not count.
//
// node instructions.mjs BUILD [--update]; BUILD names compiler and kind of build, for each has counts of its own. Status 77
// where none are kept for it. --update keeps what is counted now: commit it where more instructions are worth their price.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaries, until } from '../support/world.mjs';
import { excessesOf, ownInstructions } from './callgrind.mjs';
import { Stand } from './stand.mjs';

const FILE = fileURLToPath(new URL('instructions.json', import.meta.url));
const NOT_KEPT = 77;
const WORKERS = 500;
const BURSTS = 7;
const INTERVAL_MS = 2000;
const FOREVER_S = 600; // it is stopped before
// Valgrind slows musterd down fifty times: nobody may take it for dead.
const PATIENT = ['daemon.lease_ms=60000'];
const BURST = { workers: WORKERS, together: true, wait: true, 'heartbeat-interval-ms': INTERVAL_MS };

// JSON is left out: how long jansson's tables take to read depends on a seed that it draws anew at each start.
const manners = {
  msgpack: { scenario: 'steady', options: {} },
  gateway: { scenario: 'gateway', options: { prefix: 'behind', batch: 100 } },
};

const control = (pid, ...args) => execFileSync('callgrind_control', [...args, String(pid)], { stdio: 'pipe' });

class Counted extends Stand {
  async startCounted() {
    await this.startBroker();
    await this.startRedis();
    this.output = join(this.world.folder, 'callgrind');
    this.dumps = 0;
    const wrapper = ['valgrind', '--tool=callgrind', '--instr-atstart=no', `--callgrind-out-file=${this.output}`];
    await this.startRegistry(PATIENT, wrapper);
  }

  // What has been counted since the last time.
  take() {
    control(this.musterd.pid, '--dump');
    this.dumps++;
    return ownInstructions(readFileSync(`${this.output}.${this.dumps}`, 'utf8'), '/musterd');
  }

  // A burst in each interval, so that batches are full, as they are where speed matters. The first is not counted: those
  // who send it have just registered. The cheapest of the others is told: what comes on top is chance. Redis is asked how
  // far it is: musterd would have to work for its answer.
  async count({ scenario, options }) {
    const heard = () => this.heartbeats(WORKERS, options.prefix);
    const fleet = this.fleet(scenario, { ...BURST, ...options, duration: FOREVER_S });
    await until('the first burst', async () => (await heard()) >= WORKERS);
    await this.settle();
    control(this.musterd.pid, '--instr=on');
    let before = await heard();
    let least = Infinity;
    for (let burst = 2; burst <= BURSTS; burst++) {
      await until('a burst', async () => (await heard()) >= burst * WORKERS);
      const now = await heard();
      const instructions = this.take();
      least = now > before ? Math.min(least, instructions / (now - before)) : least;
      before = now;
    }
    control(this.musterd.pid, '--instr=off');
    await fleet.stop();
    return Math.round(least);
  }
}

async function countAll() {
  const counts = {};
  const stand = new Counted();
  try {
    await stand.startCounted();
    for (const [name, manner] of Object.entries(manners)) {
      counts[name] = await stand.count(manner);
    }
  } finally {
    await Stand.endAll();
  }
  return counts;
}

const [build, ...flags] = process.argv.slice(2);
const kept = JSON.parse(readFileSync(FILE, 'utf8'));
const counts = await countAll();
console.log(`instructions a heartbeat, ${build}: ${JSON.stringify(counts)}; kept: ${JSON.stringify(kept[build] ?? {})}`);
if (flags.includes('--update')) {
  kept[build] = counts;
  writeFileSync(FILE, `${JSON.stringify(kept, null, 2)}\n`);
} else if (kept[build] === undefined) {
  process.exitCode = NOT_KEPT;
} else {
  const excesses = excessesOf(counts, kept[build]);
  excesses.forEach((sentence) => console.error(sentence));
  process.exitCode = excesses.length > 0 ? 1 : 0;
}
