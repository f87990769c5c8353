/** Statistics of a subject over chosen images: at an evaluation during training, or from a checkpoint later. */

import type { PixelStatistics } from '../runs/index.js';
import { inspectImage } from './inspect-image.js';
import { PixelCollector } from './pixel-sample.js';
import { statisticsOf } from './pixel-statistics.js';
import type { Subject } from './subject.js';
import type { ChosenImages } from './training-images.js';

/**
 * Draws nothing and changes nothing: network and reweighter are looked at in evaluation mode, which is put back.
 *
 * @throws DataError naming the image that cannot be read
 */
export async function measureStatistics(subject: Subject, images: ChosenImages): Promise<PixelStatistics> {
  const { model, reweighter } = subject;
  const modes = [model, reweighter].map((module) => ({ module, training: module?.training ?? false }));
  const collector = new PixelCollector();
  try {
    for (const { module } of modes) module?.train(false);
    for (const index of images.indices) {
      const { sample, teaching, fine } = await images.read(index);
      collector.add({ inspection: inspectImage(subject, sample, { teaching, index }), teaching, fine });
    }
  } finally {
    for (const { module, training } of modes) module?.train(training);
  }
  return statisticsOf(collector.pixels());
}
