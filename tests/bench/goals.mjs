// goals.mjs -- what is wanted of which figure, and beside which yardstick it stands. Pure.
import { median, quantile, ratios, spread } from './statistics.mjs';

const MIB = 1048576;
const count = (fleet) => fleet.toLocaleString('en');

const throughput = [
  { what: 'heartbeats/s, QoS 0', figure: 'rate.musterd0', yardstick: 'rate.counter0', than: 'a counting subscriber', ratioMin: 0.65 },
  { what: 'heartbeats/s, QoS 0', figure: 'rate.musterd0', yardstick: 'rate.node0', than: 'the Node.js subscriber', ratioMin: 5 },
  { what: 'messages/s, QoS 0, of a subscriber that only counts', figure: 'rate.counter0', yardstick: 'rate.node0', than: 'the Node.js subscriber' },
  { what: 'heartbeats/s, QoS 0', figure: 'rate.musterd0', yardstick: 'rate.etcd', than: 'etcd’s keep-alives', ratioMin: 1.5 },
  { what: 'heartbeats/s, QoS 1', figure: 'rate.musterd1', yardstick: 'rate.counter1', than: 'a counting subscriber', ratioMin: 0.9 },
  { what: 'heartbeats/s, gateways’ batches of 100', figure: 'rate.gateway', yardstick: 'rate.counter0', than: 'a counting subscriber', min: 120000 },
  { what: 'heartbeats/s, gateways’ batches of 100', figure: 'rate.gateway', yardstick: 'store.heartbeat_floor_rate', than: 'Redis alone, their reads and writes by plain commands' },
  { what: 'latency at half load, p50, ms', figure: 'latency.p50', max: 3 },
  { what: 'latency at half load, p99, ms', figure: 'latency.p99', max: 20 },
];

const merging = [
  { what: 'heartbeats/s, QoS 0, those that change nothing merged', figure: 'rate.merging0', yardstick: 'rate.counter0', than: 'a counting subscriber' },
  { what: 'Redis, µs of CPU a heartbeat, nine of ten merged', figure: 'merging.on.redis', yardstick: 'merging.off.redis', than: 'none merged' },
  { what: 'musterd, µs of CPU a heartbeat, nine of ten merged', figure: 'merging.on.musterd', yardstick: 'merging.off.musterd', than: 'none merged' },
  { what: 'share of heartbeats that Redis is told of, nine of ten to be merged', figure: 'merging.on.told' },
  { what: 'musterd resident, nine of ten heartbeats merged, MB', figure: 'merging.on.resident', unit: MIB },
];

const searches = [
  ['all', 'with a tag that all have'],
  ['few', 'with a tag of one in 500'],
  ['full', 'with a tag of a tenth, all of them full'],
  ['best', 'the best with a tag that all have'],
  ['bestFull', 'the best with a tag of a tenth, all of them full'],
];

const findGoals = (workers) =>
  searches.map(([name, who]) => ({ what: `find of 100 among ${count(workers)}, ${who}, p99, ms`, figure: `find.${workers}.${name}`, share: 0.99, max: 50 }));

const fleetGoals = ({ workers }) => [
  { what: `musterd above a counting subscriber, µs of CPU a heartbeat, ${count(workers)} workers`, figure: `fleet.${workers}.above`, yardstick: `fleet.${workers}.counter`, than: 'the counting subscriber itself', max: 2 },
  { what: `Redis, µs of CPU a heartbeat, ${count(workers)} workers`, figure: `fleet.${workers}.redis`, yardstick: 'cost.setpx', than: 'a bare pipelined SET PX', max: workers > 100000 ? 9 : 7 },
  { what: `Redis, µs of CPU a heartbeat, ${count(workers)} workers, the first of each after the file was rewritten`, figure: `fleet.${workers}.redisFirst` },
  { what: `muster-sim, µs of CPU a heartbeat, ${count(workers)} workers`, figure: `fleet.${workers}.sim`, max: 2 },
  { what: `bytes in Redis a worker, ${count(workers)} workers`, figure: `bytes.${workers}.all`, yardstick: 'store.floor_bytes', than: 'the same keys by plain commands', max: 1500 },
  { what: `musterd resident with ${count(workers)} workers, MB`, figure: `resident.${workers}.before`, unit: MIB, max: 64 },
  { what: `musterd resident while all ${count(workers)} statuses are told again, MB`, figure: `resident.${workers}.again`, unit: MIB, max: 64 },
  { what: `start until ready with ${count(workers)} workers, ms`, figure: `start.${workers}`, max: 10000 },
  { what: `start until ready with ${count(workers)} workers of whom Redis may know less than was told, ms`, figure: `start.${workers}.again`, max: 10000 },
  { what: `statuses of ${count(workers)} told again, a second`, figure: `again.${workers}.rate` },
  { what: `heartbeats while statuses of ${count(workers)} are told again, p99, ms`, figure: `again.${workers}.heartbeatsP99` },
  ...findGoals(workers),
  { what: `statistics of ${count(workers)}, p99, ms`, figure: `statistics.${workers}`, share: 0.99 },
];

const latenessGoals = ({ workers, silent }) => [
  { what: `noticed after the deadline, p99, ms: ${count(silent)} silent of ${count(workers)}`, figure: `lateness.${workers}.noticed.p99Ms`, yardstick: `lateness.${workers}.bare.p99Ms`, than: 'bare Redis events', max: 50 },
  { what: `told to a subscriber after the deadline, p99, ms: ${count(silent)} silent of ${count(workers)}`, figure: `lateness.${workers}.told.p99Ms` },
];

const deathGoals = ({ dying, others }) => [
  { what: `${count(dying)} die at once: the last noticed after its deadline, ms`, figure: 'death.noticedMs', yardstick: 'outflow.failedMs', than: 'as many first failures by plain commands beside the same others', max: 5000 },
  { what: `${count(dying)} die at once: all published after the first deadline, ms`, figure: 'death.toldMs', yardstick: 'outflow.besideMs', than: 'a bare publisher of as many messages beside the same others', max: 20000 },
  { what: `a bare publisher of as many messages as ${count(dying)} deaths make, beside a musterd that takes in the others’ heartbeats, ms`, figure: 'outflow.besideMusterdMs', yardstick: 'outflow.bareMs', than: 'on an idle machine' },
  { what: `${count(dying)} die at once: events that a subscriber has not got`, figure: 'death.untold', max: 0, share: 1, must: true },
  { what: `heartbeats of ${count(others)} others meanwhile, p99, ms`, figure: 'death.othersP99', yardstick: 'outflow.othersP99', than: 'beside a bare publisher of as many messages', max: 1000 },
];

const registrationGoals = ({ registering }) => [
  { what: 'registrations answered/s', figure: 'registrations.rate', yardstick: 'registrations.bare', than: 'a bare answerer', min: 10000 },
  { what: 'registrations answered and told to the world/s', figure: 'registrations.told', yardstick: 'registrations.bareTold', than: 'a bare answerer' },
  { what: `${count(registering)} register at once: answered/s`, figure: 'registrations.storm', yardstick: 'registrations.bareStorm', than: 'a bare answerer', min: 10000 },
  { what: `${count(registering)} register at once: answered after, p99, ms`, figure: 'registrations.stormP99' },
  { what: `${count(registering)} register at once: registrations repeated`, figure: 'registrations.stormRepeated' },
  { what: `${count(registering)} register at once: unanswered`, figure: 'registrations.stormUnanswered', max: 0, share: 1, must: true },
  { what: `${count(registering)} register at once: answered, and not in Redis`, figure: 'registrations.stormLost', max: 0, share: 1, must: true },
];

// What Redis spends where the same keys are written by plain commands is the floor of what its functions can spend.
const storeGoals = ({ stored }) => [
  { what: `Redis alone, µs of CPU a heartbeat of a batch, ${count(stored)} workers`, figure: 'store.heartbeat', yardstick: 'store.heartbeat_floor', than: 'its reads and writes by plain commands' },
  { what: `Redis alone, µs of CPU a registration, ${count(stored)} workers`, figure: 'store.registration', yardstick: 'store.registration_floor', than: 'its keys by plain commands' },
  { what: `Redis alone, µs of CPU a first failure where very many are silent, ${count(stored)} workers`, figure: 'steps.silent', yardstick: 'steps.silent_floor', than: 'its reads and writes by plain commands' },
];

const largerStoreGoals = ({ workers }) => [
  { what: `Redis alone, µs of CPU a heartbeat of a batch, ${count(workers)} workers`, figure: `store.${workers}.heartbeat`, yardstick: `store.${workers}.heartbeat_floor`, than: 'its reads and writes by plain commands' },
];

const goalsOf = (sizes) => [
  ...throughput,
  ...storeGoals(sizes),
  ...sizes.fleets.flatMap(largerStoreGoals),
  ...merging,
  ...sizes.fleets.flatMap(fleetGoals),
  ...[...sizes.lateness, ...sizes.fleets.filter(({ silent }) => silent)].flatMap(latenessGoals),
  ...deathGoals(sizes.death),
  ...registrationGoals(sizes),
];

function isMet(goal, value, ratio) {
  const bounds = [
    [goal.min, value >= goal.min],
    [goal.max, value <= goal.max],
    [goal.ratioMin, ratio >= goal.ratioMin],
  ];
  const asked = bounds.filter(([bound]) => bound !== undefined);
  return asked.length === 0 ? undefined : asked.every(([, holds]) => holds);
}

// Those of which there are figures, each with its value and its ratio to the yardstick.
export function judge(figures, sizes) {
  return goalsOf(sizes)
    .filter(({ figure, yardstick, ratioMin }) => figures[figure] && (ratioMin === undefined || figures[yardstick]))
    .map((goal) => {
      const values = figures[goal.figure].map((value) => value / (goal.unit ?? 1));
      const yardstick = figures[goal.yardstick];
      const value = goal.share === undefined ? median(values) : quantile(values, goal.share);
      const ratio = yardstick && spread(ratios(values, yardstick));
      return { ...goal, value, spread: spread(values), ratio, isMet: isMet(goal, value, ratio?.median) };
    });
}
