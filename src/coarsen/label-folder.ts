/**
 * Makes a folder of label PNGs from another: each file into the same place, all of them together, and nothing that exists is
 * overwritten.
 */

import { access, readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { ClassList, LabelMap } from '../data/index.js';
import { encodeLabelPng, ignoreIndex, readLabels } from '../data/index.js';
import type { LabelEncoding } from '../data/internal.js';
import {
  defaultPalette,
  findPaletteConflict,
  groupByPalette,
  isHidden,
  readLabelHeader,
} from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { stageFolder, writeDurably } from '../files/index.js';

/** Says how the labels of a folder are read. */
export interface LabelFolderOptions {
  /** Lists the classes that the labels may have (see `readClassList`). Without it any value below 255 is a class. */
  readonly classList?: ClassList | null;
  /**
   * Says what states the class of a pixel. With `auto`, the default, the value in gray and palette PNGs, whose palettes must
   * agree, and the color in RGB PNGs.
   */
  readonly labelEncoding?: LabelEncoding;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes what `change` makes of the labels of every PNG in `fineFolder` and its subfolders into the same place in `outFolder`,
 * as 8-bit gray PNGs of class indices, 255 for unlabeled. `change` receives the path of the file within the folder;
 * `finish` runs before the files appear, and when it throws, none does.
 *
 * @returns the number of files
 * @throws {DataError} for a folder without PNGs, palettes that disagree, a file that cannot be read, a label of no class, files without any
 * label, and an `outFolder` that already has one of the files
 * @throws {FileError} when `outFolder` cannot be written
 */
export async function rewriteLabelFolder(
  fineFolder: string,
  outFolder: string,
  {
    classList = null,
    labelEncoding = 'auto',
    onProgress = () => {},
    change,
    finish,
  }: LabelFolderOptions & {
    readonly change: (map: LabelMap, file: string) => Uint8Array;
    readonly finish?: (stagingFolder: string) => Promise<void>;
  },
): Promise<number> {
  checkPlaces(fineFolder, outFolder);
  const files = await listPngs(fineFolder);
  await checkAbsent(files, outFolder);
  if (labelEncoding === 'auto')
    await checkPalettes(
      files.map((file) => join(fineFolder, file)),
      classList,
    );
  await stageFolder(outFolder, async (staging) => {
    let isLabeled = false;
    for (const [index, file] of files.entries()) {
      const map = await readFine(join(fineFolder, file), { classList, labelEncoding });
      isLabeled ||= map.labels.some((label) => label !== ignoreIndex);
      await writeDurably(join(staging, file), encodeLabelPng(change(map, file), map));
      onProgress(index + 1, files.length);
    }
    if (!isLabeled) {
      throw new DataError(`${fineFolder}: no labeled pixel in ${files.length} files; all are ${ignoreIndex}`);
    }
    await finish?.(staging);
  });
  return files.length;
}

/** Throws when palette PNGs mean different classes by one index, as the gray PNGs made of them would not show it. */
async function checkPalettes(paths: readonly string[], classList: ClassList | null): Promise<void> {
  const conflict = await findPaletteConflict(await groupByPalette(paths), classList);
  if (conflict === null) return;
  throw new DataError(
    `${conflict.examples.join(' and ')}: ${conflict.message}; if the colors are right, state them in classes.json and ` +
      'use --label-encoding color; if the indices are right, --label-encoding index',
  );
}

async function readFine(
  path: string,
  {
    classList,
    labelEncoding,
  }: { readonly classList: ClassList | null; readonly labelEncoding: LabelEncoding },
): ReturnType<typeof readLabels> {
  if (classList !== null) return readLabels(path, classList, { encoding: labelEncoding });
  const { color } = await readLabelHeader(path);
  if (labelEncoding === 'color' || color === 'rgb' || color === 'rgb-alpha') {
    throw new DataError(`${path}: labels by color need a list of classes with colors (classes.json)`);
  }
  return readLabels(path, anyClass);
}

const anyClass: ClassList = {
  classes: defaultPalette(ignoreIndex).map((color, index) => ({ name: `class ${index}`, color })),
  ignoredValue: ignoreIndex,
};

async function listPngs(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(`${folder}: no such folder; expected a folder of fine label PNGs`, { cause });
  });
  const files = entries
    .filter((entry) => entry.isFile() && /\.png$/i.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !file.split(sep).some(isHidden))
    .sort();
  if (files.length === 0)
    throw new DataError(`${folder}: no PNG in it; expected a folder of fine label PNGs`);
  return files;
}

function checkPlaces(fineFolder: string, outFolder: string): void {
  const [fine, out] = [resolve(fineFolder), resolve(outFolder)];
  if (out === fine || out.startsWith(fine + sep)) {
    throw new DataError(
      `${outFolder}: lies in the folder of fine labels, ${fineFolder}; choose one outside of it`,
    );
  }
}

async function checkAbsent(files: readonly string[], outFolder: string): Promise<void> {
  for (const file of files) {
    const path = join(outFolder, file);
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) {
      throw new DataError(
        `${path}: exists already and is never overwritten; choose another folder or remove it`,
      );
    }
  }
}
