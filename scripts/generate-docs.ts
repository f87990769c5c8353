/**
 * Writes the generated pages of `docs/`: the reference of the config, of its components and of the commands, and the
 * picture of the rooms.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedPages } from './docs/generated-pages.js';
import { project } from './project.js';

for (const [path, text] of await generatedPages()) {
  const file = join(project, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
