/**
 * Defines region losses, which compare the regions of whole classes and give one number for an image. They are added to
 * the mean of a pixel loss. A pixel has no loss of its own in them, so that no reweighter applies.
 */

import { z } from 'zod';
import { OperationError } from '../errors/index.js';
import type { Component } from '../registry/index.js';
import { autocast, ops, stack, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import { ignoreIndex as defaultIgnoreIndex, expectLabels } from './pixel-loss.js';
import type { RegionLossNeed, RegionLossOptions } from './region-context.js';

/**
 * Maps logits [N,C,H,W] of any floating dtype and labels [N,H,W] int64 to a scalar float32 loss, 0 with zero gradient
 * where no pixel counts.
 */
export interface RegionLoss {
  (logitsNCHW: Tensor, labelsNHW: Tensor, options?: RegionLossOptions): Tensor;
  /**
   * Returns the labeled pixels in whose place this loss stands, [N,H,W] bool: a training step leaves their pixel loss out.
   * Is absent where it stands beside the pixel loss.
   */
  readonly relaxes?: (labelsNHW: Tensor, options?: RelaxationContext) => Tensor;
}

/** Configures `RegionLoss.relaxes`. */
export interface RelaxationContext extends Pick<RegionLossOptions, 'ignoreIndex' | 'cellSize'> {}

/** Describes a region loss that a config can name. */
export interface RegionLossComponent<Options = unknown>
  extends Component<Options, Record<string, never>, RegionLoss> {
  /** Names what the loss reads beside logits and labels. */
  readonly needs?: readonly RegionLossNeed[];
  /** Is true for losses of pixels without a label, which `training.stopping` switches off; false by default. */
  readonly learnsUncovered?: boolean;
}

/** Holds the option that says over what a region loss is taken at once. */
export const perImageOption = {
  perImage: z
    .boolean()
    .default(true)
    .describe(
      'Computes the loss of each image and takes the mean, which does not depend on the number of processes or gradient ' +
        'accumulation steps. `false` computes one loss over the images that a process computes at once.',
    ),
};

/** Holds the options of region losses that compare the regions of classes. */
export const regionOptions = {
  ...perImageOption,
  classes: z
    .enum(['present', 'all'])
    .default('present')
    .describe('Averages over the classes that the labels have (`present`), or over all.'),
};

/** Holds the pixels of one image, or of several that are taken together, for K counted classes. */
export interface Regions {
  /** Likelihoods [K,P] float32, 0 where a pixel is ignored. */
  readonly likelihoodsKP: Tensor;
  /** Labels as [K,P] float32: 1 in the row of a pixel's class and 0 elsewhere. */
  readonly truthKP: Tensor;
}

/** Configures `regionLoss`. */
export interface RegionLossRule {
  readonly name: string;
  readonly perImage: boolean;
  readonly classes: 'present' | 'all';
  /** Returns the loss of each class, [K]. */
  readonly lossesK: (regions: Regions) => Tensor;
}

/** Returns the region loss that averages `lossesK` over the counted classes, and then over the images. */
export function regionLoss({ name, perImage, classes, lossesK }: RegionLossRule): RegionLoss {
  return (logitsNCHW, labelsNHW, { ignoreIndex = defaultIgnoreIndex } = {}) => {
    expectLabels(name, logitsNCHW, labelsNHW);
    const [images = 0, classCount = 0] = logitsNCHW.shape;
    if (images === 0) throw new OperationError(`${name}: expected at least one image, received none`);
    return autocast({ device: logitsNCHW.device, enabled: false }, () => {
      const groups = perImage ? images : 1;
      const size = images / groups;
      const labelsGP = labelsNHW.reshape([groups, -1]);
      const counted = countedClasses(labelsGP, { classCount, classes, ignoreIndex });
      const losses = counted.map((kinds, group) => {
        const likelihoodsCP = logitsNCHW
          .narrow(0, group * size, size)
          .to({ dtype: 'float32' })
          .permute([1, 0, 2, 3])
          .reshape([classCount, -1])
          .softmax(0);
        const labelsP = labelsGP.select(0, group);
        const kindsK = tensorFrom(kinds, { dtype: 'int64', shape: [kinds.length], device: labelsNHW.device });
        // No class is counted where no pixel is labeled; the sum of no losses is 0.
        const likelihoodsKP = likelihoodsCP.indexSelect(0, kindsK).mul(labelsP.ne(ignoreIndex));
        if (kinds.length === 0) return likelihoodsKP.sum();
        const truthKP = kindsK.unsqueeze(1).eq(labelsP.unsqueeze(0)).to({ dtype: 'float32' });
        return lossesK({ likelihoodsKP, truthKP }).mean();
      });
      return stack(losses, 0).mean();
    });
  };
}

interface CountedOptions {
  readonly classCount: number;
  readonly classes: 'present' | 'all';
  readonly ignoreIndex: number;
}

/** Returns the classes that count in each group of labels [G,P]; none in a group without labels. */
function countedClasses(labelsGP: Tensor, { classCount, classes, ignoreIndex }: CountedOptions): number[][] {
  const [groups = 0] = labelsGP.shape;
  // The host waits for the device here, once: only rows of counted classes are computed.
  const counts = tidy(() => {
    const offsets = Array.from({ length: groups }, (_, group) => group * (classCount + 1));
    const placed = labelsGP
      .where(labelsGP.ne(ignoreIndex), classCount)
      .add(tensorFrom(offsets, { dtype: 'int64', shape: [groups, 1], device: labelsGP.device }));
    const length = groups * (classCount + 1);
    return Array.from(ops.bincount(placed.reshape([-1]), { minlength: length }).toTypedArray(), Number);
  });
  return Array.from({ length: groups }, (_, group) => {
    const own = counts.slice(group * (classCount + 1), (group + 1) * (classCount + 1) - 1);
    if (own.every((count) => count === 0)) return [];
    return own.flatMap((count, kind) => (count > 0 || classes === 'all' ? [kind] : []));
  });
}
