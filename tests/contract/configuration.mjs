// configuration.mjs -- the tables of configuration keys in README.md, made from the one table in src/config/table.c.
// `node configuration.mjs` writes them there; the test looks whether that would change anything.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pathOf, read } from './contract.mjs';

// What the replaced system could be told, and where it is said here when no key took its place.
export const seedProperties = {
  'heartbeat-timeout-minutes': null,
  'health-check-interval-minutes': '`health.check_interval_ms`, in milliseconds',
  'cleanup-threshold-minutes': null,
  'auto-recovery-enabled': null,
  'max-consecutive-failures': null,
  'health-check-interval-ms': null,
  'cleanup-interval-ms': 'none: each failed worker has a timer of its own',
  'max-registration-attempts': null,
  'registration-retry-delay-minutes': null,
  'max-concurrent-jobs-limit': null,
  'min-load-factor': null,
  'max-load-factor': null,
  'cache-duration-seconds': 'none: Redis is the store',
  'health-cache-duration-seconds': 'none: Redis is the store',
};

const literals = (text) => [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]).join('');
const member = (row, name) => {
  const found = row.match(new RegExp(`\\.${name} =\\s*((?:"(?:[^"\\\\]|\\\\.)*"\\s*)+)`));
  return found ? literals(found[1]) : undefined;
};

// Every key of the table in the code: name, default, help, and the property that it takes the place of.
export function configurationKeys() {
  const table = read('src/config/table.c');
  const rows = table.split(/\{AT\(/).slice(1);
  return rows.map((row) => ({
    name: row.match(/^([a-z]+\.[a-z_]+)\)/)[1],
    defaultText: member(row, 'default_text'),
    help: member(row, 'help'),
    seedName: member(row, 'seed_name'),
  }));
}

const cell = (text) => text.replaceAll('|', '\\|');
const shown = (text) => (text === '' ? 'empty' : `\`${cell(text)}\``);

function seedTable() {
  const keys = configurationKeys();
  const rows = Object.entries(seedProperties).map(([property, instead]) => {
    const key = keys.find(({ seedName }) => seedName === `jobscheduler.worker.${property}`);
    const here = key === undefined ? instead : `\`${key.name}\``;
    return `| \`${property}\` | ${here} | ${key === undefined ? '' : shown(key.defaultText)} |`;
  });
  return ['| there: `jobscheduler.worker.…` | here | default |', '|---|---|---|', ...rows].join('\n');
}

function keyTable() {
  const rows = configurationKeys().map(
    ({ name, defaultText, help }) => `| \`${name}\` | ${shown(defaultText)} | ${cell(help)} |`,
  );
  return ['| key | default | |', '|---|---|---|', ...rows].join('\n');
}

// The README with both tables as they ought to be, each between a pair of comments that names it.
export function updatedReadme() {
  const replace = (text, name, table) =>
    text.replace(
      new RegExp(`(<!-- ${name}: made by tests/contract/configuration.mjs -->\n)[^]*?(\n<!-- end -->)`),
      (_, begin, end) => begin + table + end,
    );
  return replace(replace(read('README.md'), 'properties', seedTable()), 'keys', keyTable());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(pathOf('README.md'), updatedReadme());
}
