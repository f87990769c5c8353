import { join } from 'node:path';

/** The root folder of the repository, seen from build/bench/support/. */
export const project = join(import.meta.dirname, '../../..');
