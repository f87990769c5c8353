/** Measures the statistics of pixels over chosen images: during training at an evaluation, or later from a checkpoint. */

import type { PixelStatistics } from '../runs/index.js';
import { type ChosenImages, type ChosenImagesOptions, measureWhatFits } from './chosen-images.js';
import { measureImage } from './measure-image.js';
import type { ModelWithObjective } from './model-with-objective.js';
import { PixelCollector } from './pixel-sample.js';
import { statisticsOf } from './pixel-statistics.js';

/**
 * Measures every chosen image in evaluation mode and returns the statistics of all their labeled pixels. Changes nothing:
 * network and reweighter are in their former mode afterwards.
 *
 * @throws {DataError} naming the image that cannot be read
 * @throws {MemoryError} when an image is too large for memory and `onLeftOut` is missing
 */
export async function measureStatistics(
  measured: ModelWithObjective,
  images: ChosenImages,
  { onLeftOut }: Pick<ChosenImagesOptions, 'onLeftOut'> = {},
): Promise<PixelStatistics> {
  const { model, reweighter } = measured;
  const modes = [model, reweighter].map((module) => ({ module, training: module?.training ?? false }));
  const collector = new PixelCollector();
  try {
    for (const { module } of modes) module?.train(false);
    for (const index of images.indices) {
      const { sample, trainingLabels, fineLabels } = await images.read(index);
      const measure = () => measureImage(measured, sample, { trainingLabels, index });
      const maps = measureWhatFits(measure, onLeftOut);
      if (maps !== null) collector.add({ maps, trainingLabels, fineLabels });
    }
  } finally {
    for (const { module, training } of modes) module?.train(training);
  }
  return statisticsOf(collector.pixels());
}
