/** The folder that package.json lies in, found from wherever these scripts were compiled to. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const project = findProject(import.meta.dirname);

function findProject(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findProject(dirname(folder));
}
