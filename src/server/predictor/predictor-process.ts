/** Predicts images with the network of a run, which stays loaded from one image to the next, in a process of its own. */

import sharp from 'sharp';
import { measureImage, modelWithObjective } from '../../analysis/index.js';
import { imageReadingOf } from '../../config/internal.js';
import {
  alignClasses,
  type DatasetClass,
  ignoreIndex,
  readImage,
  type Sample,
  type SegmentationDataset,
} from '../../data/index.js';
import { matchClasses } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import { type LoadedRun, loadRun } from '../../evaluation/index.js';
import { inferenceDevice, predictedClasses } from '../../evaluation/internal.js';
import { setThreads } from '../../torch/index.js';
import { resolveThreads } from '../../torch/internal.js';
import { ServedDataset } from '../dataset/served-dataset.js';
import { serveCalls } from '../processes/serve-calls.js';
import type { Workspace } from '../workspace.js';
import { stackPlanes } from './map-planes.js';

/** Asks for what a network makes of an image. */
export interface PredictionRequest {
  readonly workspace: Workspace;
  /** Names the run's folder, and its checkpoint with the time of its change. */
  readonly run: string;
  readonly checkpoint: string;
  readonly split: string;
  readonly name: string;
  /** Names the labels that the network is thought to train on, which its weights depend on; null for none. */
  readonly labels: string | null;
}

interface Loaded extends Disposable {
  readonly key: string;
  readonly run: LoadedRun;
  readonly model: ReturnType<typeof modelWithObjective>;
}

let dataset: Promise<ServedDataset> | null = null;
let loaded: Loaded | null = null;

/** Answers with a gray PNG of planes one above the other (`map-planes.ts`). */
serveCalls<PredictionRequest, Uint8Array>(async ({ workspace, split, name, labels, ...which }) => {
  dataset ??= ServedDataset.open(workspace);
  const { run, model } = await load(which);
  const opened = await dataset;
  const sample = await readSample(opened, { split, name, labels, run });
  const { width, height } = sample;
  const trainingLabels = sample.labels ?? new Uint8Array(width * height).fill(ignoreIndex);
  const maps = measureImage(model, sample, { trainingLabels, index: 0 });
  const prediction = inOrderOf(opened.classes, { prediction: maps.prediction, run });
  const planes = stackPlanes({ ...maps, prediction });
  const rows = planes.length / width;
  return sharp(planes, { raw: { width, height: rows, channels: 1 }, limitInputPixels: false })
    .toColourspace('b-w')
    .png({ compressionLevel: 4 })
    .toBuffer();
});

async function load({
  run: folder,
  checkpoint,
}: Pick<PredictionRequest, 'run' | 'checkpoint'>): Promise<Loaded> {
  const key = JSON.stringify([folder, checkpoint]);
  if (loaded?.key === key) return loaded;
  loaded?.[Symbol.dispose]();
  loaded = null;
  const run = await loadRun(folder);
  setThreads(resolveThreads(run.config.threads));
  const model = modelWithObjective(run, { device: inferenceDevice(run.config) });
  loaded = {
    ...{ key, run, model },
    [Symbol.dispose]: () => {
      model[Symbol.dispose]();
      run[Symbol.dispose]();
    },
  };
  return loaded;
}

/** Reads an image as the network reads it, with labels in the order of its classes. */
async function readSample(
  dataset: ServedDataset,
  {
    split,
    name,
    labels,
    run,
  }: Pick<PredictionRequest, 'split' | 'name' | 'labels'> & { readonly run: LoadedRun },
): Promise<Sample> {
  const path = await dataset.imageFile(split, name);
  const { image, width, height } = await readImage(path, imageReadingOf(run.config.data));
  const map = labels === null ? null : await dataset.readLabels(split, { labels, name });
  if (map !== null && (map.width !== width || map.height !== height)) {
    throw new DataError(
      `${name}: its labels '${labels}' have ${map.width}×${map.height} pixels, the image has ${width}×${height}`,
    );
  }
  const sample = { name, width, height, image, labels: map?.labels ?? null };
  const one: SegmentationDataset = {
    classes: dataset.classes,
    length: 1,
    name: () => name,
    read: async () => sample,
  };
  return alignClasses(one, { network: predictedClasses(run) }).read(0);
}

/** Returns a prediction with the dataset's indices of the classes. */
function inOrderOf(
  classes: readonly DatasetClass[],
  { prediction, run }: { readonly prediction: Uint8Array; readonly run: LoadedRun },
): Uint8Array {
  const { sources } = matchClasses(run.classes, classes);
  const table = new Uint8Array(256).fill(ignoreIndex);
  for (const [index, source] of sources.entries()) if (source !== null) table[source] = index;
  return prediction.map((label) => table[label] as number);
}
