/** Finds the list of classes of a folder of labels. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ClassList } from '../../../data/index.js';

/**
 * Reads the list of classes that belongs to a folder of labels: the named file, or else `classes.json` in the folder or at the
 * root of the dataset, which is one or two folders above. Returns null where there is none.
 */
export async function readClassesNear(folder: string, named: string | undefined): Promise<ClassList | null> {
  const { readClassList } = await import('../../../data/index.js');
  const folders = [folder, path.join(folder, '..'), path.join(folder, '..', '..')];
  const file = named ?? folders.map((one) => path.join(one, 'classes.json')).find((one) => existsSync(one));
  return file === undefined ? null : readClassList(file);
}
