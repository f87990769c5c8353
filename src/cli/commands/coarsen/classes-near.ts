/** Says how the labels of a folder are read: the options of the commands, and the list of classes that belongs to them. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { Option } from 'commander';
import type { ClassList } from '../../../data/index.js';

/** Holds the options that say how labels are read. */
export interface LabelReading {
  readonly labelEncoding: 'auto' | 'index' | 'color';
  readonly classes?: string;
}

/** Returns the option that names the list of classes. */
export function classesOption(): Option {
  return new Option('--classes <file>', 'classes.json of the labels; by default the one in or above FINE');
}

/** Returns the option that says what states the class of a pixel. */
export function labelEncodingOption(): Option {
  return new Option('--label-encoding <what>', 'what states the class of a pixel, as data.labelEncoding')
    .choices(['auto', 'index', 'color'])
    .default('auto');
}

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
