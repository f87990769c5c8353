/**
 * Copies the style sheets in src/ to the same place in dist/, where the compiled code reads them; the compiler copies no
 * file. Part of every build, and of packing.
 */

import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './project.js';

const source = join(project, 'src');
// Vite bundles those of the local page.
const styles = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.css') && !path.startsWith('web/'),
);
for (const path of styles) cpSync(join(source, path), join(project, 'dist', path));
