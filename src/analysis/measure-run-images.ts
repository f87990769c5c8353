/** Measures chosen images with the last checkpoint of one or several runs. */

import type { DatasetClass } from '../data/index.js';
import { MemoryError } from '../errors/index.js';
import { loadRun } from '../evaluation/index.js';
import { inferenceDevice, predictedClasses } from '../evaluation/internal.js';
import { readRun } from '../runs/index.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import {
  ChosenImages,
  type ChosenImagesOptions,
  type LabeledImage,
  measureWhatFits,
} from './chosen-images.js';
import { type ImageMaps, measureImage } from './measure-image.js';
import { modelWithObjective } from './model-with-objective.js';
import { runLabels } from './run-labels.js';

/** Holds one image with the maps that a run's last checkpoint gives it. */
export interface MeasuredImage {
  /** Gives the run's name, unique among the runs that were measured together. */
  readonly label: string;
  readonly folder: string;
  /** Gives the step of the checkpoint. */
  readonly step: number;
  readonly confidenceKind: string;
  readonly classes: readonly DatasetClass[];
  readonly image: LabeledImage;
  readonly maps: ImageMaps;
}

/**
 * Measures the chosen images with the last checkpoint of every run, run by run.
 *
 * @throws {MemoryError} when every image is too large for memory, or one is and `onLeftOut` is missing
 * @throws {CheckpointError} when a folder is not a run's, has no checkpoint or is damaged
 * @throws {DataError} when an image cannot be read
 * @throws {ConfigError} when a dataset has other classes than the network of its run
 */
export async function measureRunImages(
  folders: readonly string[],
  chosen: ChosenImagesOptions,
): Promise<MeasuredImage[]> {
  const labels = runLabels(folders.map((folder) => readRun(folder)));
  const measured: MeasuredImage[] = [];
  for (const [place, folder] of folders.entries()) {
    using run = await loadRun(folder);
    setThreads(resolveThreads(run.config.threads));
    const images = await ChosenImages.open(run.config.data, {
      ...chosen,
      network: predictedClasses(run),
    });
    using model = modelWithObjective(run, {
      device: inferenceDevice(run.config),
      datasetLength: images.trainingLength,
    });
    for (const index of images.indices) {
      const image = await images.read(index);
      const { sample, trainingLabels } = image;
      const maps = measureWhatFits(
        () => measureImage(model, sample, { trainingLabels, index }),
        chosen.onLeftOut,
      );
      if (maps === null) continue;
      measured.push({
        label: labels[place] as string,
        folder,
        step: run.step,
        confidenceKind: run.config.confidence.kind,
        classes: run.classes,
        image,
        maps,
      });
    }
  }
  if (measured.length > 0) return measured;
  throw new MemoryError('no image is left: all that were chosen are too large for memory');
}
