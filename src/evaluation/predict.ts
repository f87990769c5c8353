/** Labels images that nobody has labelled: files or a folder in, label PNGs and colour overlays out. */
import { access, readdir } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { type DatasetClass, type RgbImage, readImage } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { scope } from '../torch/index.js';
import { type InferenceOptions, inferLabels } from './infer-labels.js';
import { type PredictionPaths, predictionPaths, writePrediction } from './prediction-files.js';
import { sameSizeBatches } from './same-size-batches.js';
import { inEvaluationMode, type SegmentationModel } from './segmentation-model.js';

const imageExtensions: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.png', '.webp']);

export interface PredictionOptions extends InferenceOptions {
  /** Folder for `labels/NAME.png` and `overlays/NAME.jpg`; made where it is missing. */
  readonly output: string;
  readonly classes: readonly DatasetClass[];
  /** Images of one size that go through the network together. */
  readonly batchSize?: number;
  /** How much of the overlay is class colour, 0..1. */
  readonly overlayOpacity?: number;
  /** Without it, an existing prediction stops everything before anything is written. */
  readonly overwrite?: boolean;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly shouldStop?: () => boolean;
}

export interface PredictionSummary {
  readonly written: readonly (PredictionPaths & { readonly image: string })[];
  /** Files that could not be read as images, each with the reason. */
  readonly skipped: readonly { readonly image: string; readonly reason: string }[];
  readonly stopped: boolean;
}

interface Entry {
  readonly file: string;
  readonly paths: PredictionPaths;
}

type ReadEntry = Entry & RgbImage;

/**
 * Predicts every image (jpg, jpeg, png, webp) in a folder and its subfolders, which the output repeats.
 *
 * @throws DataError when the folder is missing or holds no image, and as `predictFiles`
 */
export async function predictFolder(
  model: SegmentationModel,
  folder: string,
  options: PredictionOptions,
): Promise<PredictionSummary> {
  const output = resolve(options.output) + sep;
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(`${folder}: can't be read as a folder of images`, { cause });
  });
  const images = found
    .filter((entry) => !entry.isDirectory() && imageExtensions.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    // An output folder inside the input must not feed on itself.
    .filter((image) => !resolve(image).startsWith(output))
    .sort();
  if (images.length === 0)
    throw new DataError(`${folder}: no image found; expected jpg, jpeg, png or webp files`);
  const named = images.map((image) => ({ image, name: withoutExtension(relative(folder, image)) }));
  return predictEntries(model, named, options);
}

/**
 * Predicts the given image files; a prediction has its image's name.
 *
 * @throws DataError when two images would write the same file, or a prediction exists already
 */
export function predictFiles(
  model: SegmentationModel,
  images: readonly string[],
  options: PredictionOptions,
): Promise<PredictionSummary> {
  const named = images.map((image) => ({ image, name: withoutExtension(basename(image)) }));
  return predictEntries(model, named, options);
}

async function predictEntries(
  model: SegmentationModel,
  images: readonly { readonly image: string; readonly name: string }[],
  options: PredictionOptions,
): Promise<PredictionSummary> {
  const { output, classes, batchSize = 1, overlayOpacity = 0.55, overwrite = false } = options;
  const { device = 'cpu', precision = 'auto', onProgress, shouldStop } = options;
  const entries = images.map(({ image, name }) => ({ file: image, paths: predictionPaths(name, output) }));
  rejectClashes(entries);
  if (!overwrite) await rejectExisting(entries);

  const written: (PredictionPaths & { image: string })[] = [];
  const skipped: { image: string; reason: string }[] = [];
  let stopped = false;
  const read = async (index: number): Promise<ReadEntry | null> => {
    const entry = entries[index] as Entry;
    try {
      return { ...entry, ...(await readImage(entry.file)) };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      skipped.push({ image: entry.file, reason: error.message });
      return null;
    }
  };

  await inEvaluationMode(model, async () => {
    for await (const batch of sameSizeBatches(entries.length, { read, batchSize })) {
      const labels = labelsOf(model, batch, { device, precision });
      for (const [index, one] of batch.entries()) {
        const content = { ...one, labels: labels[index] as Uint8Array, classes };
        await writePrediction(one.paths, { ...content, opacity: overlayOpacity, overwrite });
        written.push({ image: one.file, ...one.paths });
      }
      const done = written.length + skipped.length;
      onProgress?.({ done: Math.min(done, entries.length), total: entries.length });
      stopped = written.length + skipped.length < entries.length && (shouldStop?.() ?? false);
      if (stopped) break;
    }
  });
  return { written, skipped, stopped };
}

/** Class ids of each image of a batch. */
function labelsOf(
  model: SegmentationModel,
  batch: readonly ReadEntry[],
  inference: InferenceOptions,
): Uint8Array[] {
  using _temporaries = scope();
  const { width, height } = batch[0] as ReadEntry;
  const ids = inferLabels(model, batch, inference)
    .to({ dtype: 'uint8', device: 'cpu' })
    .toTypedArray() as Uint8Array;
  const area = width * height;
  return batch.map((_, index) => ids.slice(index * area, (index + 1) * area));
}

function rejectClashes(entries: readonly Entry[]): void {
  const takenBy = new Map<string, string>();
  for (const { file, paths } of entries) {
    const other = takenBy.get(paths.labels);
    if (other !== undefined) {
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
    `${existing[0]}${more} exist${more ? '' : 's'} already; choose another output folder or overwrite`,
  );
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}
