import { join } from 'node:path';

/** The root folder of the repository, seen from build/scripts/. */
export const project = join(import.meta.dirname, '../..');
