/**
 * Defines region losses, which compare the regions of whole classes and give one number for an image. They are added to
 * the mean of a pixel loss. A pixel has no loss of its own in them, so that no reweighter applies.
 */

import { z } from 'zod';
import { OperationError } from '../errors/index.js';
import type { Component } from '../registry/index.js';
import { autocast, stack, type Tensor, tensorFrom } from '../torch/index.js';
import { ignoreIndex as defaultIgnoreIndex, expectLabels } from './pixel-loss.js';

/** Configures one call of a region loss. */
export interface RegionLossOptions {
  /** Label of the pixels that belong to no region; 255 by default. */
  readonly ignoreIndex?: number;
}

/**
 * Maps logits [N,C,H,W] of any floating dtype and labels [N,H,W] int64 to a scalar float32 loss, 0 with zero gradient
 * where no pixel is labeled.
 */
export type RegionLoss = (logitsNCHW: Tensor, labelsNHW: Tensor, options?: RegionLossOptions) => Tensor;

/** Describes a region loss that a config can name. */
export interface RegionLossComponent<Options = unknown>
  extends Component<Options, Record<string, never>, RegionLoss> {}

/** Holds the options that all region losses have. */
export const regionOptions = {
  perImage: z
    .boolean()
    .default(true)
    .describe(
      'Computes the loss of each image and takes the mean, which does not depend on the number of processes or gradient ' +
        'accumulation steps. `false` computes one loss over the images that a process computes at once.',
    ),
  classes: z
    .enum(['present', 'all'])
    .default('present')
    .describe('Averages over the classes that the labels have (`present`), or over all.'),
};

/** Holds the pixels of one image, or of several that are taken together. */
export interface Regions {
  /** Likelihoods [C,P] float32, 0 where a pixel is ignored. */
  readonly likelihoodsCP: Tensor;
  /** Labels as [C,P] float32: 1 in the row of a pixel's class and 0 elsewhere. */
  readonly truthCP: Tensor;
  /** Classes over which a loss is averaged, [C] float32: 1 or 0. */
  readonly countedC: Tensor;
}

/** Configures `regionLoss`. */
export interface RegionLossRule {
  readonly name: string;
  readonly perImage: boolean;
  readonly classes: 'present' | 'all';
  /** Returns the loss of each class, [C]. */
  readonly lossesC: (regions: Regions) => Tensor;
}

/** Returns the region loss that averages `lossesC` over the counted classes, and then over the images. */
export function regionLoss({ name, perImage, classes, lossesC }: RegionLossRule): RegionLoss {
  return (logitsNCHW, labelsNHW, { ignoreIndex = defaultIgnoreIndex } = {}) => {
    expectLabels(name, logitsNCHW, labelsNHW);
    return autocast({ device: logitsNCHW.device, enabled: false }, () => {
      const [images = 0, classCount = 0] = logitsNCHW.shape;
      if (images === 0) throw new OperationError(`${name}: expected at least one image, received none`);
      const rowsOf = (mapNCHW: Tensor) => mapNCHW.permute([1, 0, 2, 3]).reshape([classCount, -1]);
      const groups = perImage
        ? Array.from({ length: images }, (_, place) => [place, 1] as const)
        : [[0, images] as const];
      const losses = groups.map(([first, count]) => {
        const labels = labelsNHW.narrow(0, first, count).reshape([-1]);
        const validP = labels.ne(ignoreIndex);
        const likelihoodsCP = rowsOf(logitsNCHW.narrow(0, first, count).to({ dtype: 'float32' }))
          .softmax(0)
          .mul(validP);
        const truthCP = oneHot(labels.where(validP, -1), classCount);
        const countedC = countedClasses(truthCP, { validP, classes });
        const sum = lossesC({ likelihoodsCP, truthCP, countedC }).mul(countedC).sum();
        return sum.div(countedC.sum().clamp({ min: 1 }));
      });
      return stack(losses, 0).mean();
    });
  };
}

/** Returns labels [P] as [C,P] float32; a label that is no class has a column of zeros. */
function oneHot(labels: Tensor, classCount: number): Tensor {
  const classes = Array.from({ length: classCount }, (_, index) => index);
  return tensorFrom(classes, { dtype: 'int64', shape: [classCount, 1], device: labels.device })
    .eq(labels.unsqueeze(0))
    .to({ dtype: 'float32' });
}

/** Returns the classes that count; none in a group without labels, whose loss is then 0. */
function countedClasses(
  truthCP: Tensor,
  { validP, classes }: { readonly validP: Tensor; readonly classes: 'present' | 'all' },
): Tensor {
  const present = truthCP.sum(1).gt(0).to({ dtype: 'float32' });
  return classes === 'present' ? present : present.mul(0).add(validP.sum().gt(0));
}
