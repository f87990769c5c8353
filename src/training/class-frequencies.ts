/**
 * Keeps how often the moving average of the network predicts each class on pixels without a label: the mean of its
 * likelihoods over past steps. All processes hold the same numbers.
 */

import { ignoreIndex } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import { resizeBilinear } from '../nn/index.js';
import { cat, noGrad, tidy } from '../torch/index.js';
import { insideOf, type RegionMaps } from './region-losses.js';
import type { ClassFrequencies } from './training-components.js';
import { allLabels } from './trusted-loss.js';

/** Moves the frequencies toward what the average predicts for a batch. A step without unlabeled pixels changes nothing. */
export function updateFrequencies(
  { values, momentum }: ClassFrequencies,
  { batch, teacherLogitsNCHW }: Pick<RegionMaps, 'batch' | 'teacherLogitsNCHW'>,
  { processGroup = null }: { readonly processGroup?: Collectives | null | undefined } = {},
): void {
  if (!teacherLogitsNCHW) return;
  tidy(() =>
    noGrad(() => {
      const labelsNHW = allLabels(batch);
      const [, height = 0, width = 0] = labelsNHW.shape;
      const unlabeledNHW = labelsNHW.eq(ignoreIndex);
      const insideNHW = batch.origins ? insideOf(batch.origins, labelsNHW) : null;
      const chosenNHW = (insideNHW ? unlabeledNHW.logicalAnd(insideNHW) : unlabeledNHW).to({
        dtype: 'float32',
      });
      const logits = resizeBilinear(teacherLogitsNCHW.to({ dtype: 'float32' }), [height, width]);
      const sums = logits.softmax(1).mul(chosenNHW.unsqueeze(1)).sum([0, 2, 3]);
      const all = cat([sums, chosenNHW.sum().reshape([1])], 0);
      processGroup?.allReduce_(all);
      const classCount = all.numel - 1;
      const count = all.narrow(0, classCount, 1);
      const found = all.narrow(0, 0, classCount).div(count.clamp({ min: 1 }));
      const moved = values.mul(momentum).add(found, { alpha: 1 - momentum });
      values.copy_(moved.where(count.gt(0), values));
    }),
  );
}
