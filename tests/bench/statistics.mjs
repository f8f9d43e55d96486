// statistics.mjs -- medians, quantiles and ratios of what was measured in several rounds. Pure.
const ascending = (values) => [...values].sort((a, b) => a - b);

// The value that at least this share of all does not exceed; NaN of nothing.
export function quantile(values, share) {
  const sorted = ascending(values);
  return sorted.length === 0 ? NaN : sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)];
}

export function median(values) {
  const sorted = ascending(values);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const spread = (values) => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
  rounds: values.length,
});

// Round by round where there are as many of both, so that what slows a whole round down falls out; else of the medians.
export function ratios(values, yardstick) {
  return values.length === yardstick.length
    ? values.map((value, round) => value / yardstick[round])
    : [median(values) / median(yardstick)];
}
