/** Writes the labels of a dataset in the form of an annotation tool, so that people can go on working on them there. */

import { readdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { LabelEncoding } from '../data/internal.js';
import { ConfigError, DataError } from '../errors/index.js';
import { isSystemError, stageFolder } from '../files/index.js';
import { cocoFormat } from './coco-writer.js';
import { cvatFormat } from './cvat-writer.js';
import { DoubtfulRegions, type DoubtSource } from './doubtful-regions.js';
import type { ExportFormat } from './label-writer.js';
import { labelmeFormat } from './labelme-writer.js';
import { openEarlier, openSplits, readForExport } from './open-labels.js';
import { pngFormat } from './png-writer.js';

/** Lists the forms in which labels are written. */
const exportFormats = {
  png: pngFormat,
  'png-doubt': pngFormat,
  labelme: labelmeFormat,
  coco: cocoFormat,
  cvat: cvatFormat,
} as const satisfies Record<string, ExportFormat>;

/** Names a form in which labels are written. */
export type ExportFormatName = keyof typeof exportFormats;

/** Configures `exportLabels`. */
export interface ExportLabelsOptions {
  /** Names the folder of labels beside `images`. */
  readonly labels: string;
  readonly format: ExportFormatName;
  /** Names the only split that is written; all by default. */
  readonly split?: string | undefined;
  /** Is how far in pixels a polygon may be from the border of the labels, 1 by default; 0 keeps every corner. */
  readonly tolerance?: number;
  /** Says which labels are in doubt; their pixels are left out. */
  readonly doubt?: DoubtSource | undefined;
  /** Is the folder of an earlier dataset; only images whose labels differ from those there are written. */
  readonly changedSince?: string | undefined;
  /** Says what states the class of a pixel of the label files, as `data.labelEncoding`: `auto` by default. */
  readonly labelEncoding?: LabelEncoding;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Says what was written. */
export interface ExportSummary {
  readonly output: string;
  readonly format: ExportFormatName;
  readonly labels: string;
  /** Counts the images whose labels were written, by split. */
  readonly images: Readonly<Record<string, number>>;
  /** Counts the images that were left out as their labels are those of the earlier dataset. */
  readonly unchanged: number;
  /** Has one line for each folder whose images or points are not written, all or some of them. */
  readonly notes: readonly string[];
  /** Counts polygons, and masks of regions with holes; null for PNGs. */
  readonly shapes: number | null;
  /** Counts polygons that keep all corners, as the tolerance would have made them vanish. */
  readonly kept: number;
  /** Is null for PNGs, which are exact. */
  readonly tolerance: number | null;
  /** Counts the regions in doubt, the pixels whose label they took, and regions of images that were not written. */
  readonly doubt: { readonly regions: number; readonly pixels: number; readonly notFound: number } | null;
}

/**
 * Writes labels of a dataset folder into a new folder. Nothing of the dataset changes, and `output` appears when all is
 * written.
 *
 * @throws {ConfigError} for a tolerance out of range, or doubt that does not fit the format
 * @throws {DataError} when the dataset cannot be read, `output` is not empty, or nothing is left to write
 * @throws {FileError} when `output` cannot be written
 */
export async function exportLabels(
  root: string,
  output: string,
  options: ExportLabelsOptions,
): Promise<ExportSummary> {
  const { labels, format, tolerance = 1, doubt, changedSince, labelEncoding = 'auto' } = options;
  const { split: onlySplit, onProgress = () => {} } = options;
  checkOptions({ format, tolerance, doubt });
  await checkPlace(output, { root, labels });
  const doubtful = doubt === undefined ? null : await DoubtfulRegions.read(doubt, { labels });
  const { splits, notes } = await openSplits(root, { split: onlySplit, labels, labelEncoding });
  const classes = splits[0]?.dataset.classes ?? [];
  const total = splits.reduce((sum, { dataset }) => sum + dataset.length, 0);
  const images = new Map<string, number>();
  let [unchanged, shapes, kept, pixels, done] = [0, 0, 0, 0, 0];
  const { create, polygons } = exportFormats[format];
  await stageFolder(output, async (folder) => {
    const places = { folder, output: resolve(output), images: resolve(root, 'images') };
    const writer = create({ ...places, classes, tolerance });
    for (const { split, dataset } of splits) {
      const earlier =
        changedSince === undefined
          ? null
          : await openEarlier(changedSince, { split, labels, labelEncoding, classes });
      for (let index = 0; index < dataset.length; index++, onProgress({ done: ++done, total })) {
        const image = await readForExport({ split, dataset }, index);
        if (doubtful !== null) pixels += doubtful.takeAway(image.labels, image);
        if (earlier !== null && !(await earlier.differ(image.name, image))) {
          unchanged++;
          continue;
        }
        const written = await writer.add(image);
        images.set(split, (images.get(split) ?? 0) + 1);
        shapes += written.shapes;
        kept += written.kept;
      }
    }
    if (images.size === 0) {
      throw new DataError(
        `${join(root, labels)}: none of its ${total} label maps differs from those in ${changedSince}; nothing is written`,
      );
    }
    await writer.finish();
  });
  return {
    output,
    format,
    labels,
    images: Object.fromEntries(images),
    unchanged,
    notes,
    shapes: polygons ? shapes : null,
    kept,
    tolerance: polygons ? tolerance : null,
    doubt: doubtful && {
      regions: doubtful.count,
      pixels,
      notFound: doubtful.left(splits.map(({ split }) => split)),
    },
  };
}

function checkOptions({
  format,
  tolerance,
  doubt,
}: {
  readonly format: ExportFormatName;
  readonly tolerance: number;
  readonly doubt: DoubtSource | undefined;
}): void {
  if (!(tolerance >= 0 && tolerance <= greatestTolerance)) {
    throw new ConfigError(
      `export-labels: expected a tolerance from 0 to ${greatestTolerance} pixels, received ${tolerance}`,
    );
  }
  if (format === 'png-doubt' && doubt === undefined) {
    throw new ConfigError(
      'export-labels: png-doubt leaves out what an audit doubts, and no audit is named; name it with --doubt, or use png',
    );
  }
  if (format === 'png' && doubt !== undefined) {
    throw new ConfigError('export-labels: png writes all labels; use png-doubt to leave out those in doubt');
  }
}

/** Is beyond any use in polygons, and keeps arithmetic sound. */
const greatestTolerance = 1000;

/** Throws where files could be overwritten, or would lie among those of the dataset. */
async function checkPlace(
  output: string,
  { root, labels }: { readonly root: string; readonly labels: string },
): Promise<void> {
  for (const name of ['images', labels]) {
    const folder = resolve(root, name);
    if (`${resolve(output)}${sep}`.startsWith(`${folder}${sep}`)) {
      throw new DataError(
        `${output}: lies in ${join(root, name)}, a folder of the dataset; choose one outside of it`,
      );
    }
  }
  const entries = await readdir(output).catch((error: unknown) => {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    if (isSystemError(error) && error.code === 'ENOTDIR') {
      throw new DataError(`${output}: is a file; expected a new folder`);
    }
    throw error;
  });
  if (entries.length > 0) {
    throw new DataError(`${output}: is not empty, and nothing is ever overwritten; choose a new folder`);
  }
}
