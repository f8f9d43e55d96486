// climb.mjs -- the highest rate at which no heartbeat is lost: more is sent, step by step, until what arrives lags behind.
const INTERVAL_MS = 200;
const STEP = 1.25;
const BEHIND = 0.95; // of the rate that is sent: less is a chain that is full
const FAR_BEHIND = 1.5; // so much more than what arrives slows a chain down: less is tried once more

// One heartbeat of each worker in each interval: the rate is how many workers there are. Whole batches of gateways.
const workersFor = (rate) => Math.max(Math.ceil((rate * INTERVAL_MS) / 1000 / 100) * 100, 100);

// Returns the rate from the first heartbeat sent to the last one done; 0 where even a trickle was not carried without loss.
export async function climb(contender, { seconds, steps, from, log }) {
  let best = 0;
  let asked = from;
  for (let step = 0; step < steps; step++) {
    const workers = workersFor(asked);
    const offered = (workers * 1000) / INTERVAL_MS;
    const { sent, arrived, rate } = await contender.step({ workers, duration: seconds, 'heartbeat-interval-ms': INTERVAL_MS });
    log(`${contender.name}: sent ${sent} at ${offered}/s, ${arrived} arrived at ${Math.round(rate)}/s`);
    const isWhole = arrived === sent;
    best = isWhole ? Math.max(best, rate) : best;
    if (isWhole && rate >= BEHIND * offered) {
      asked = offered * STEP;
    } else if (offered > FAR_BEHIND * best) {
      asked = best > 0 ? best * STEP : offered / STEP;
    } else {
      return best;
    }
  }
  return best;
}
