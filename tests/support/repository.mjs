// repository.mjs -- where the repository's files are, for the tests that are not in C.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const pathOf = (name) => root + name;
export const read = (name) => readFileSync(pathOf(name), 'utf8');
