/**
 * Reads which classes the label images of a dataset in the form of Pascal VOC have: those of the challenge, or those of a file
 * beside them: `labelmap.txt` of CVAT and Datumaro, `class_names.txt` of Labelme.
 */

import { join, posix } from 'node:path';
import type { Color } from '../../data/index.js';
import { defaultPalette } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import { readBoundedText } from '../json-file.js';
import { isBackgroundName } from '../reading.js';

/** Holds a class with the color that stands for it in label images of colors. */
interface VocClass {
  readonly name: string;
  readonly color: Color;
}

/** Holds the classes of a dataset in the form of Pascal VOC; the index of a class is its value in label images. */
export interface VocClasses {
  readonly classes: readonly VocClass[];
  /** Is the path of the file that lists them, relative to the source; null for those of the challenge. */
  readonly file: string | null;
  /** Says whether the palette of a label image, and not its index, states the class. */
  readonly byColor: boolean;
  /** Is the index of what a tool writes where nobody drew; null in the challenge, where the background was looked at. */
  readonly unlabeled: number | null;
}

const challengeNames =
  'background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person ' +
  'pottedplant sheep sofa train tvmonitor';

const black: Color = [0, 0, 0];

/** Returns the color of each value of the palette of VOC: black for 0. */
function vocColor(index: number): Color {
  return index === 0 ? black : (defaultPalette(255)[index - 1] as Color);
}

/** Is the color that marks the border of objects, of value 255. */
export const borderColor: Color = [224, 224, 192];

/**
 * Returns the classes of the dataset in a folder.
 *
 * @throws {DataError} naming the file that lists them when it cannot be understood
 */
export async function readVocClasses(
  root: string,
  { folder, files }: { readonly folder: string; readonly files: ReadonlySet<string> },
): Promise<VocClasses> {
  const labelMap = posix.join(folder, 'labelmap.txt');
  if (files.has(labelMap)) return readLabelMap(join(root, labelMap), labelMap);
  const names = posix.join(folder, 'class_names.txt');
  if (files.has(names)) return readNames(join(root, names), names);
  const classes = challengeNames.split(' ').map((name, index) => ({ name, color: vocColor(index) }));
  return { classes, file: null, byColor: false, unlabeled: null };
}

/** Reads lines `label:red,green,blue:parts:actions`; one that begins with # is a comment. */
async function readLabelMap(path: string, file: string): Promise<VocClasses> {
  const classes: VocClass[] = [];
  for (const [index, line] of (await readBoundedText(path)).split(/\r\n|\r|\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const [, name = '', colors = ''] =
      /^(.+?):\s*((?:\d{1,3}\s*,\s*){2}\d{1,3})?\s*(?::.*)?$/.exec(line) ?? [];
    const color = colors.split(',').map(Number);
    if (name.trim() === '' || color.some((value) => value > 255)) {
      throw new DataError(`${path}: line ${index + 1}: '${line.trim()}' is no class, such as car:128,0,0::`);
    }
    const [red, green, blue] = color;
    const own: Color =
      red === undefined || green === undefined || blue === undefined
        ? vocColor(classes.length)
        : [red, green, blue];
    classes.push({ name: name.trim(), color: own });
  }
  return listed(classes, { path, file, byColor: true });
}

async function readNames(path: string, file: string): Promise<VocClasses> {
  const lines = (await readBoundedText(path)).split(/\r\n|\r|\n/).map((line) => line.trim());
  const names = lines.filter((name) => name !== '' && name !== '__ignore__');
  const classes = names.map((name, index) => ({ name, color: vocColor(index) }));
  return listed(classes, { path, file, byColor: false });
}

function listed(
  classes: readonly VocClass[],
  { path, file, byColor }: { readonly path: string; readonly file: string; readonly byColor: boolean },
): VocClasses {
  if (classes.length === 0) throw new DataError(`${path}: lists no class`);
  if (classes.length > 255) throw new DataError(`${path}: lists ${classes.length} classes; at most 255 fit`);
  const background = classes.findIndex(({ name }) => isBackgroundName(name));
  return { classes, file, byColor, unlabeled: background === -1 ? null : background };
}
