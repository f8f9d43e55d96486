// callgrind.mjs -- reads profiles in callgrind's format, and compares counts with those that are kept. Pure.
const EXCESS_MAX = 0.1;

// The instructions that ran in functions of the object whose path ends so, without those of what they called elsewhere.
export function ownInstructions(profile, objectEnd) {
  const names = new Map(); // callgrind writes each name once, and its number from then on
  let isOwn = false;
  let isCall = false;
  let sum = 0;
  for (const line of profile.split('\n')) {
    const object = /^ob=\((\d+)\)(?: (.*))?$/.exec(line);
    const called = /^cob=\((\d+)\)(?: (.*))?$/.exec(line);
    const [, number, name] = object ?? called ?? [];
    if (name !== undefined) {
      names.set(number, name);
    }
    if (object) {
      isOwn = names.get(number).endsWith(objectEnd);
    } else if (line.startsWith('calls=')) {
      isCall = true; // the next line is what the call cost, the callee's included
    } else if (/^[+\-*\d]/.test(line)) {
      sum += isOwn && !isCall ? Number(line.split(' ')[1]) : 0;
      isCall = false;
    }
  }
  return sum;
}

// All that ran.
export const allInstructions = (profile) => Number(/^(?:totals|summary): (\d+)/m.exec(profile)[1]);

// A sentence for each count that is more than a tenth above the one that is kept, or has none.
export function excessesOf(counts, kept, what = 'heartbeat') {
  return Object.entries(counts)
    .filter(([name, count]) => !(count <= kept[name] * (1 + EXCESS_MAX)))
    .map(([name, count]) => `${name}: ${count} instructions a ${what}, ${kept[name] ?? 'none'} are kept, and ${EXCESS_MAX * 100}% more may be`);
}
