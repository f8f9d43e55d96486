// plots.mjs -- bar charts of the figures, drawn by gnuplot as SVG.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { spread } from './statistics.mjs';

const charts = (sizes) => [
  {
    file: 'throughput.svg',
    title: 'Heartbeats a second, none lost',
    bars: [
      ['counting subscriber, QoS 0', 'rate.counter0'],
      ['musterd, batches of 100', 'rate.gateway'],
      ['musterd, QoS 0', 'rate.musterd0'],
      ['etcd keep-alive', 'rate.etcd'],
      ['Node.js subscriber, QoS 0', 'rate.node0'],
      ['counting subscriber, QoS 1', 'rate.counter1'],
      ['musterd, QoS 1', 'rate.musterd1'],
    ],
  },
  ...sizes.fleets.map(({ workers: fleet }) => ({
    file: `cost-${fleet}.svg`,
    title: `Microseconds of CPU a heartbeat, ${fleet} workers`,
    bars: [
      ['broker', `fleet.${fleet}.broker`],
      ['musterd', `fleet.${fleet}.musterd`],
      ['counting subscriber', `fleet.${fleet}.counter`],
      ['Redis', `fleet.${fleet}.redis`],
      ['bare SET PX', 'cost.setpx'],
      ['muster-sim', `fleet.${fleet}.sim`],
    ],
  })),
  ...[...sizes.lateness, ...sizes.fleets.filter(({ silent }) => silent)].map(({ workers }) => ({
    file: `lateness-${workers}.svg`,
    title: `Milliseconds past the deadline, ${workers} workers`,
    logarithmic: true,
    bars: [
      ['noticed, p50', `lateness.${workers}.noticed.p50Ms`],
      ['noticed, p99', `lateness.${workers}.noticed.p99Ms`],
      ['told, p99', `lateness.${workers}.told.p99Ms`],
      ['bare Redis, p50', `lateness.${workers}.bare.p50Ms`],
      ['bare Redis, p99', `lateness.${workers}.bare.p99Ms`],
    ],
  })),
];

const memoryChart = (figures, fleet) => ({
  file: `bytes-${fleet}.svg`,
  title: `Bytes in Redis a worker, ${fleet} workers`,
  bars: Object.keys(figures)
    .filter((key) => key.startsWith(`bytes.${fleet}.part.`))
    .map((key) => [key.slice(`bytes.${fleet}.part.`.length), key]),
});

function scriptOf({ title, bars, logarithmic }, figures, path) {
  const spreads = bars.map(([label, key]) => ({ label, ...spread(figures[key]) }));
  const rows = spreads.map(({ label, median, least, most }) => `"${label}" ${median} ${least} ${most}`);
  const largest = Math.max(...spreads.map(({ most }) => most), 1);
  const origin = logarithmic ? 1 : 0;
  const labels = '$bars using 2:0:(sprintf("  %.4g", $2)) with labels left';
  return `set terminal svg size 800,${120 + 40 * rows.length} dynamic background rgb 'white'
set output '${path}'
set title '${title}' noenhanced
set style fill solid 0.6
set boxwidth 0.3
set yrange [${rows.length - 0.5}:-0.5]
set grid xtics
set ytics noenhanced
${logarithmic ? 'set logscale x' : ''}
set xrange [${origin}:${largest * (logarithmic ? 10 : 1.2)}]
unset key
$bars << END
${rows.join('\n')}
END
plot $bars using (${origin}):0:(${origin}):2:($0 - 0.3):($0 + 0.3):ytic(1) with boxxyerror, \\
  $bars using 2:0:3:4 with xerrorbars lc black pt 0, ${labels}
`;
}

// Writes those of which there are figures; returns file and title of each.
export function drawAll(figures, sizes, folder) {
  const all = [...charts(sizes), ...sizes.fleets.map(({ workers }) => memoryChart(figures, workers))];
  const drawn = all
    .map((chart) => ({ ...chart, bars: chart.bars.filter(([, key]) => figures[key] !== undefined) }))
    .filter(({ bars }) => bars.length > 0);
  for (const chart of drawn) {
    const { status, stderr } = spawnSync('gnuplot', ['-'], {
      input: scriptOf(chart, figures, join(folder, chart.file)),
      encoding: 'utf8',
    });
    if (status !== 0) {
      throw new Error(`gnuplot: ${stderr}`);
    }
  }
  return drawn.map(({ file, title }) => ({ file, title }));
}
