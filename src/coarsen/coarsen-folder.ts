/** Makes coarse labels for a whole folder of fine ones, and measures how coarse they are. */

import { access, readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { ClassList } from '../data/index.js';
import { encodeLabelPng, ignoreIndex, readLabels } from '../data/index.js';
import type { LabelEncoding } from '../data/internal.js';
import {
  defaultPalette,
  findPaletteConflict,
  groupByPalette,
  isHidden,
  readLabelHeader,
} from '../data/internal.js';
import { ConfigError, DataError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { stageFolder, writeDurably } from '../files/index.js';
import { type CoarsenParameters, coarsenDefaults, coarsenLabels } from './coarsen-labels.js';
import { fileSeed } from './file-seed.js';
import { AgreementCounter, type LabelAgreement } from './label-agreement.js';

/** Configures `coarsenFolder`. */
export interface CoarsenFolderOptions extends Partial<CoarsenParameters> {
  /**
   * Takes a non-negative integer. The polygons of a file depend only on it and on the path of the file within the
   * folder.
   */
  readonly seed?: number;
  /** Lists the classes that the labels may have (see `readClassList`). Without it any value below 255 is a class. */
  readonly classList?: ClassList | null;
  /**
   * Says what states the class of a pixel. With `auto`, the default, the value in gray and palette PNGs, whose palettes must
   * agree, and the color in RGB PNGs.
   */
  readonly labelEncoding?: LabelEncoding;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Holds the agreement of coarse and fine labels over all files. */
export interface CoarsenFolderResult extends LabelAgreement {
  readonly files: number;
}

/**
 * Coarsens every PNG in `fineFolder` and its subfolders into the same place in `outFolder`, as 8-bit gray PNGs of
 * class indices, 255 for unlabeled. The files appear together when all are made, and existing files are never
 * overwritten.
 *
 * @throws {DataError} for a folder without PNGs, palettes that disagree, a file that cannot be read, a label of no class, files without any
 * label, and an `outFolder` that already has one of the files
 * @throws {ConfigError} for an unknown parameter or one out of range
 * @throws {FileError} when `outFolder` cannot be written
 */
export async function coarsenFolder(
  fineFolder: string,
  outFolder: string,
  {
    seed = 0,
    classList = null,
    labelEncoding = 'auto',
    onProgress = () => {},
    ...parameters
  }: CoarsenFolderOptions = {},
): Promise<CoarsenFolderResult> {
  checkCoarsenParameters({ seed, ...parameters });
  checkPlaces(fineFolder, outFolder);
  const files = await listPngs(fineFolder);
  await checkAbsent(files, outFolder);
  if (labelEncoding === 'auto')
    await checkPalettes(
      files.map((file) => join(fineFolder, file)),
      classList,
    );

  const counter = new AgreementCounter({ ignoreIndex });
  await stageFolder(outFolder, async (staging) => {
    for (const [index, file] of files.entries()) {
      const { labels, width, height } = await readFine(join(fineFolder, file), { classList, labelEncoding });
      const coarse = coarsenLabels(labels, {
        ...parameters,
        width,
        height,
        classCount: classList?.classes.length ?? ignoreIndex,
        ignoreIndex,
        seed: fileSeed(seed, file),
      });
      counter.add(labels, coarse);
      await writeDurably(join(staging, file), encodeLabelPng(coarse, { width, height }));
      onProgress(index + 1, files.length);
    }
    if (counter.result().finePixels === 0) {
      throw new DataError(`${fineFolder}: no labeled pixel in ${files.length} files; all are ${ignoreIndex}`);
    }
  });
  return { files: files.length, ...counter.result() };
}

function checkCoarsenParameters({
  seed,
  ...parameters
}: Partial<CoarsenParameters> & { seed: number }): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError(`coarsen: expected a non-negative integer as seed, received ${seed}`);
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (!Object.hasOwn(coarsenDefaults, name)) {
      throw new ConfigError(
        `coarsen: no parameter '${name}'${suggestion(name, Object.keys(coarsenDefaults))}`,
      );
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw new ConfigError(`coarsen: expected a non-negative number as ${name}, received ${value}`);
    }
  }
}

/** Throws when palette PNGs mean different classes by one index, as the gray PNGs made of them would not show it. */
async function checkPalettes(paths: readonly string[], classList: ClassList | null): Promise<void> {
  const conflict = await findPaletteConflict(await groupByPalette(paths), classList);
  if (conflict === null) return;
  throw new DataError(
    `${conflict.examples.join(' and ')}: ${conflict.message}; if the colors are right, state them in classes.json and ` +
      'coarsen with --label-encoding color; if the indices are right, with --label-encoding index',
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
