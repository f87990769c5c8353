/** Predicts labels of image files or folders, and writes label PNGs and color overlays. */

import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type DatasetClass,
  type ImageReading,
  type PredictionFormat,
  readImage,
  type Size,
} from '../data/index.js';
import { largeImageSize, type OpenImage, openLargeImage, readImageHeader } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { scope } from '../torch/index.js';
import { inferIds, openInMemory } from './infer-labels.js';
import { inferWith } from './infer-with.js';
import type { InferenceOptions } from './inference-protocol.js';
import { type LeftOut, memoryProblem } from './memory-problem.js';
import {
  type NamedImage,
  type PredictionPaths,
  predictionPaths,
  writePrediction,
} from './prediction-files.js';
import { findInputs } from './prediction-inputs.js';
import { sameSizeBatches } from './same-size-batches.js';
import type { SegmentationModel } from './segmentation-model.js';

/** Configures `predictInputs`. */
export interface PredictionOptions extends InferenceOptions {
  /** Names the folder for `labels/NAME.png` and `overlays/NAME.jpg`, which is created if missing. */
  readonly output: string;
  readonly classes: readonly DatasetClass[];
  /** Says how image files are read; as RGB of 8 bits by default. */
  readonly images?: ImageReading;
  /** Gives the format that a test server expects in `labels`, see `predictionFormat`; null, the default, writes class ids. */
  readonly format?: PredictionFormat | null;
  /** Limits the images of one size that go through the network together; 1 by default. */
  readonly batchSize?: number;
  /** Sets the share of class color in the overlay, in [0, 1]; 0.55 by default. */
  readonly overlayOpacity?: number;
  /** Allows existing predictions to be replaced; otherwise one of them is an error before anything is written. */
  readonly overwrite?: boolean;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Is called after every batch; when it returns true the prediction ends. */
  readonly shouldStop?: () => boolean;
}

/** Says what `predictInputs` wrote. */
export interface PredictionSummary {
  readonly written: readonly (PredictionPaths & { readonly image: string })[];
  /** Lists files that could not be read as images, with the reason. */
  readonly skipped: readonly LeftOut[];
  /** Lists the files in folders that are no images. */
  readonly others: readonly string[];
  /** Lists images of several pages or frames, of which the first was predicted. */
  readonly severalPages: readonly { readonly image: string; readonly pages: number }[];
  /** Lists overlays that are smaller than their image, with their size. */
  readonly reducedOverlays: readonly (Size & { readonly overlay: string })[];
  readonly stopped: boolean;
}

interface Entry {
  readonly file: string;
  readonly paths: PredictionPaths;
}

/** Holds an image with its pixels, in memory or in a file of their own. */
type ReadEntry = Entry & Size & { readonly image: OpenImage & Partial<Disposable> };

/**
 * Predicts image files, and every image in folders and their subfolders: PNG, JPEG, WebP, TIFF, BMP, GIF and AVIF. A
 * prediction has the name of its image, in the same subfolder. All inputs are checked before anything is written.
 * @throws {DataError} when an input is missing, a folder holds no image, two images would write the same file, or a
 *   prediction exists already
 */
export async function predictInputs(
  model: SegmentationModel,
  inputs: readonly string[],
  options: PredictionOptions,
): Promise<PredictionSummary> {
  const { images, skipped, others } = await findInputs(inputs, options);
  const summary = await predictImages(model, images, options);
  return { ...summary, skipped: [...skipped, ...summary.skipped], others };
}

async function predictImages(
  model: SegmentationModel,
  images: readonly NamedImage[],
  options: PredictionOptions,
): Promise<Omit<PredictionSummary, 'others'>> {
  const { output, classes, format = null, batchSize = 1, overlayOpacity = 0.55 } = options;
  const { overwrite = false, onProgress, shouldStop } = options;
  const entries = images.map((one) => ({
    file: one.image,
    paths: predictionPaths(one, { output, format }),
  }));
  rejectClashes(entries);
  if (!overwrite) await rejectExisting(entries);

  const written: (PredictionPaths & { image: string })[] = [];
  const skipped: LeftOut[] = [];
  const severalPages: { image: string; pages: number }[] = [];
  const reducedOverlays: (Size & { overlay: string })[] = [];
  let stopped = false;
  const read = async (index: number): Promise<ReadEntry | null> => {
    const entry = entries[index] as Entry;
    try {
      const { image, pages } = await openInput(entry.file, options);
      if (pages > 1) severalPages.push({ image: entry.file, pages });
      return { ...entry, width: image.width, height: image.height, image };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      skipped.push({ image: entry.file, reason: error.message.replace(`${entry.file}: `, '') });
      return null;
    }
  };

  await inferWith(model, options, async (prepared) => {
    for await (const batch of sameSizeBatches(entries.length, { read, batchSize })) {
      const labels = labelsOf(prepared, batch, options);
      for (const [index, one] of batch.entries()) {
        const { image, file, paths, width, height } = one;
        const found = labels[index] as Labels;
        if (typeof found === 'string') {
          skipped.push({ image: file, reason: found });
        } else {
          const content = { image, labels: found, classes, format };
          const shown = await writePrediction(paths, { ...content, opacity: overlayOpacity, overwrite });
          written.push({ image: file, ...paths });
          if (shown.width !== width || shown.height !== height) {
            reducedOverlays.push({ overlay: paths.overlay, ...shown });
          }
        }
        image[Symbol.dispose]?.();
      }
      const done = written.length + skipped.length;
      onProgress?.({ done: Math.min(done, entries.length), total: entries.length });
      stopped = written.length + skipped.length < entries.length && (shouldStop?.() ?? false);
      if (stopped) break;
    }
  });
  return { written, skipped, severalPages, reducedOverlays, stopped };
}

/**
 * Opens an image with the number of its pages. One that is too large for memory is read by rows.
 *
 * @throws {DataError} when it cannot be read
 */
async function openInput(
  file: string,
  { images }: PredictionOptions,
): Promise<{ readonly image: ReadEntry['image']; readonly pages: number }> {
  const isPlain = images === undefined || (images.channels === 3 && images.range === null);
  if (isPlain && (await largeImageSize(file)) !== null) {
    return { image: await openLargeImage(file), pages: 1 };
  }
  const { pages } = await readImageHeader(file, images);
  return { image: openInMemory(await readImage(file, images)), pages };
}

/** Holds height × width class ids or, for an image that is too large for memory, the reason why there are none. */
type Labels = Uint8Array | string;

/** Returns the labels of each image of a batch. A batch that is too large for memory is predicted one by one. */
function labelsOf(
  model: SegmentationModel,
  batch: readonly ReadEntry[],
  inference: InferenceOptions,
): Labels[] {
  using _temporaries = scope();
  const { width, height } = batch[0] as ReadEntry;
  try {
    const images = batch.map(({ image }) => image);
    const ids = inferIds(model, images, inference).to({ device: 'cpu' }).toTypedArray() as Uint8Array;
    const area = width * height;
    return batch.map((_, index) => ids.subarray(index * area, (index + 1) * area));
  } catch (error) {
    const reason = memoryProblem(error, { width, height, window: inference.window ?? null });
    if (reason === null) throw error;
    return batch.length === 1 ? [reason] : batch.flatMap((one) => labelsOf(model, [one], inference));
  }
}

function rejectClashes(entries: readonly Entry[]): void {
  const takenBy = new Map<string, string>();
  for (const { file, paths } of entries) {
    const other = takenBy.get(paths.labels);
    if (other !== undefined) {
      if (resolve(other) === resolve(file)) throw new DataError(`${file} is given twice; give it once`);
      throw new DataError(
        `${other} and ${file} would both write ${paths.labels}; rename one or predict them apart`,
      );
    }
    takenBy.set(paths.labels, file);
  }
}

async function rejectExisting(entries: readonly Entry[]): Promise<void> {
  const existing: string[] = [];
  for (const { labels, overlay } of entries.map(({ paths }) => paths)) {
    for (const path of [labels, overlay]) {
      const exists = await access(path).then(
        () => true,
        () => false,
      );
      if (exists) existing.push(path);
    }
  }
  if (existing.length === 0) return;
  const more = existing.length > 1 ? ` and ${existing.length - 1} more` : '';
  throw new DataError(
    `${existing[0]}${more} exist${more ? '' : 's'} already; choose another output folder, or allow overwriting (--overwrite)`,
  );
}
