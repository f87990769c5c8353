/**
 * Computes the loss of unlabeled pixels by what the moving average of the network is sure of: the network, which sees the
 * pixels strongly changed, learns the class that the average gives them unchanged (FixMatch, Sohn et al. 2020; on pixels
 * UniMatch, Yang et al., CVPR 2023). How sure is sure depends on the class, as rare classes are never predicted with the
 * likelihood of frequent ones (FreeMatch, Wang et al., ICLR 2023).
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, scope, type Tensor } from '../torch/index.js';
import { crossEntropy } from './cross-entropy.js';
import { expectGiven, meanOfChosen, uncoveredPixels } from './pixel-groups.js';
import { ignoreIndex as defaultIgnoreIndex, expectLabels } from './pixel-loss.js';
import { perImageOption, type RegionLoss } from './region-loss.js';

const schema = z
  .strictObject({
    threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe(
        'Likelihood from which a prediction of the average is learned, for the class that is most frequent among its ' +
          'predictions. That of another class is smaller by how much rarer the class is.',
      ),
    ...perImageOption,
  })
  .describe(
    'Unlabeled pixels learn, strongly changed, the class that the moving average of the network (`teacher`) is sure of when ' +
      'it sees them unchanged.',
  );

/** Configures `consistency`. */
export interface ConsistencyOptions extends z.input<typeof schema> {}

/** Holds what a prediction is worth as a label. */
export interface ConfidentClasses {
  /** Holds the most likely class of each pixel, [N,H,W] int64. */
  readonly classesNHW: Tensor;
  /** Says whether its likelihood reaches the threshold of its class, [N,H,W] bool. */
  readonly confidentNHW: Tensor;
}

/**
 * Returns the most likely classes, without gradient, and whether each reaches the threshold of its class,
 * `threshold` · f_c / max f for the frequencies f of the classes.
 *
 * @param logitsNCHW logits, [N,C,H,W]
 * @param options.frequenciesC frequencies of the classes, [C] float32; without them all have the same threshold
 */
export function confidentClasses(
  logitsNCHW: Tensor,
  { threshold, frequenciesC }: { readonly threshold: number; readonly frequenciesC?: Tensor | undefined },
): ConfidentClasses {
  using inner = scope();
  const detached = logitsNCHW.detach().to({ dtype: 'float32' });
  const likelihoods = detached.softmax(1);
  const classesNHW = inner.keep(likelihoods.argmax(1));
  const highest = likelihoods.amax(1);
  if (!frequenciesC) return { classesNHW, confidentNHW: inner.keep(highest.ge(threshold)) };
  const shares = frequenciesC.div(frequenciesC.max().clamp({ min: Number.EPSILON }));
  const thresholds = shares.mul(threshold).indexSelect(0, classesNHW.reshape([-1]));
  return { classesNHW, confidentNHW: inner.keep(highest.ge(thresholds.reshape(highest.shape))) };
}

/**
 * Returns the mean over the unlabeled pixels of the cross-entropy to the class that the average is sure of, which is 0 where
 * it is not. Gradients reach the logits alone.
 *
 * @throws {OperationError} when an option is out of range; the loss throws where `crossEntropy` does, and when it is not
 *   given `teacherLogitsNCHW` of the same size
 */
export function consistency(options: ConsistencyOptions = {}): RegionLoss {
  const { threshold, perImage } = parseOptions('consistency', schema, options);
  return (logitsNCHW, labelsNHW, context = {}) => {
    const { ignoreIndex = defaultIgnoreIndex, insideNHW, teacherLogitsNCHW, frequenciesC } = context;
    expectLabels('consistency', logitsNCHW, labelsNHW);
    const { shape } = logitsNCHW;
    const given = { name: 'teacherLogitsNCHW', tensor: teacherLogitsNCHW, shape };
    const teacher = expectGiven('consistency', given);
    return autocast({ device: logitsNCHW.device, enabled: false }, () => {
      const { classesNHW, confidentNHW } = confidentClasses(teacher, { threshold, frequenciesC });
      const chosenNHW = uncoveredPixels(labelsNHW, { ignoreIndex, insideNHW });
      const learnedNHW = classesNHW.where(confidentNHW.logicalAnd(chosenNHW), ignoreIndex);
      const lossesNHW = crossEntropy(logitsNCHW, learnedNHW, { ignoreIndex });
      return meanOfChosen(lossesNHW, { chosenNHW, perImage });
    });
  };
}

export const consistencyComponent = defineComponent({
  kind: 'consistency',
  options: schema,
  needs: ['layout', 'teacher', 'strong', 'frequencies'] as const,
  learnsUncovered: true,
  create: consistency,
});
