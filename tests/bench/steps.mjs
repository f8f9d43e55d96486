// steps.mjs -- how many instructions Redis takes for each step of a worker's life, held against those that are kept in
// instructions.json. Counted by callgrind around bench_steps: the functions and the commands that they call, and no client.
//
// node steps.mjs [--update]. Redis's version names the counts; status 77 where none are kept for it. --update keeps what is
// counted now: commit it where more instructions are worth their price.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { binaries } from '../support/world.mjs';
import { allInstructions, excessesOf } from './callgrind.mjs';

const FILE = fileURLToPath(new URL('instructions.json', import.meta.url));
const NOT_KEPT = 77;
const WORKERS = 400;
const STEPS_LEAST = 50; // fewer in a call tell nothing

const ask = (...words) => execFileSync(words[0], words.slice(1), { encoding: 'utf8' }).trim();
const server = ask('sh', '-c', 'command -v redis-server');
const version = ask(server, '--version').match(/v=(\S+)/)[1];
const machine = `redis-server ${version} ${ask('uname', '-m')}`;

// bench_steps starts the redis-server that it finds first.
function wrap(folder) {
  const valgrind = `valgrind --tool=callgrind --callgrind-out-file='${folder}/profile.%p'`;
  writeFileSync(join(folder, 'redis-server'), `#!/bin/sh\nexec ${valgrind} '${server}' "$@"\n`, { mode: 0o755 });
}

// The cheapest call of each stage is told: what comes on top is chance.
async function countAll(folder) {
  const counts = {};
  const dumps = {};
  const take = (pid) => {
    execFileSync('callgrind_control', ['--dump', pid], { stdio: 'pipe' });
    dumps[pid] = (dumps[pid] ?? 0) + 1;
    return allInstructions(readFileSync(join(folder, `profile.${pid}.${dumps[pid]}`), 'utf8'));
  };
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const bench = spawn(join(binaries, 'bench_steps'), ['--paused', WORKERS], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => {
    bench.on('exit', resolve);
  });
  for await (const line of createInterface({ input: bench.stdout })) {
    const [, pid, stage, steps] = /^(\d+) (\w+) (?:begins|ends (\d+))$/.exec(line) ?? [];
    if (stage !== undefined) {
      const instructions = take(pid);
      if (Number(steps) >= STEPS_LEAST) {
        counts[stage] = Math.min(counts[stage] ?? Infinity, Math.round(instructions / steps));
      }
      bench.stdin.write('\n');
    }
  }
  if ((await ended) !== 0) {
    throw new Error('bench_steps has failed');
  }
  return counts;
}

const folder = mkdtempSync(join(tmpdir(), 'muster-steps-'));
try {
  wrap(folder);
  const kept = JSON.parse(readFileSync(FILE, 'utf8'));
  const counts = await countAll(folder);
  console.log(`instructions a step, ${machine}: ${JSON.stringify(counts)}; kept: ${JSON.stringify(kept[machine] ?? {})}`);
  if (process.argv.includes('--update')) {
    kept[machine] = counts;
    writeFileSync(FILE, `${JSON.stringify(kept, null, 2)}\n`);
  } else if (kept[machine] === undefined) {
    process.exitCode = NOT_KEPT;
  } else {
    const excesses = excessesOf(counts, kept[machine], 'step');
    excesses.forEach((sentence) => console.error(sentence));
    process.exitCode = excesses.length > 0 ? 1 : 0;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
