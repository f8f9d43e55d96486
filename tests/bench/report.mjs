// report.mjs -- the Markdown report: the machine, the goals with their figures, and every figure there is. Pure.
import { spread } from './statistics.mjs';

const rounded = (value) => {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return Number.isFinite(value) ? value.toLocaleString('en', { maximumFractionDigits: digits }) : '–';
};

const wanted = ({ min, max, ratioMin }) =>
  [
    ratioMin !== undefined && `≥ ${ratioMin} ×`,
    min !== undefined && `≥ ${rounded(min)}`,
    max !== undefined && (max === 0 ? '0' : `≤ ${rounded(max)}`),
  ]
    .filter(Boolean)
    .join(', ');

const range = ({ least, most, rounds }) => (rounds > 1 ? ` (${rounded(least)} – ${rounded(most)})` : '');

function goalRow({ what, value, spread: all, ratio, than, share, isMet, ...bounds }) {
  const figure = `${rounded(value)}${share === undefined ? range(all) : ''}`;
  const beside = ratio ? `${rounded(ratio.median)}${range(ratio)} × ${than}` : '';
  const met = isMet === undefined ? '' : isMet ? 'yes' : '**no**';
  return `| ${what} | ${figure} | ${beside} | ${wanted(bounds)} | ${met} |`;
}

function figureRow([name, values]) {
  const { median, least, most, rounds } = spread(values);
  return `| \`${name}\` | ${rounded(median)} | ${rounded(least)} | ${rounded(most)} | ${rounds} |`;
}

export function reportOf({ machine, command, figures, judged, plots }) {
  return `# Benchmark of Muster

\`${command}\`, ${machine.at}, ${machine.cores} cores (${machine.processor}), which broker, Redis, registry, simulator and
yardsticks share. ${machine.versions.join(', ')}. Redis as \`scripts/run\` starts it: ${machine.persistence}.
Each figure is the median of its rounds, in brackets the least and the most; ratios are taken round by round.

| | figure | beside | wanted | met |
|---|---|---|---|---|
${judged.map(goalRow).join('\n')}

A rate counts only where every heartbeat sent has arrived: in Redis for musterd, in the callback for the counting subscriber,
as an answer of Redis for the Node.js subscriber. Latency is from the time at which a heartbeat was meant to be sent to the
reply that says that Redis has it. CPU is that of the whole process, as the kernel counts it.
etcd's keep-alives are of one lease, each a gRPC stream of one message. The bare answerer sends for each registration what musterd
sends, replies first, and keeps nothing; answered and told is until the last event is acknowledged by the broker.

${plots.map(({ file, title }) => `![${title}](${file})`).join('\n')}

## Every figure
Microseconds of CPU (\`cost\`, \`fleet\`, \`store\`, \`outflow.cost\`), milliseconds, bytes, or a second's rate.

| | median | least | most | rounds |
|---|---|---|---|---|
${Object.entries(figures).map(figureRow).join('\n')}
`;
}
