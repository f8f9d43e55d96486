// lateness.mjs -- how late a silent worker is noticed, beside the events of a Redis that nobody helps.
import { join } from 'node:path';
import { binaries } from '../../support/world.mjs';
import { Program } from '../stand.mjs';

export const title = 'Lateness';
export const rounds = 'own';

export async function measure({ sizes, record, log }) {
  for (const { workers, silent, timeoutMs } of sizes.lateness) {
    log(`${workers} workers, ${silent} of them silent`);
    const result = await new Program(join(binaries, 'bench_lateness'), ['--json', workers, silent, timeoutMs].map(String)).result();
    for (const [who, figures] of Object.entries(result)) {
      for (const [name, value] of Object.entries(figures)) {
        record(`lateness.${workers}.${who}.${name}`, value);
      }
    }
  }
}
