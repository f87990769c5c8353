/**
 * Computes the loss of unlabeled pixels by the classes of their whole image: −log of the summed likelihood of the classes
 * that its labels have. A class that nobody drew in an image is rarely in it, so that its likelihood on the pixels without
 * a label moves to the others; which of these, the loss leaves open.
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast } from '../torch/index.js';
import { classSetLosses } from './class-set.js';
import { expectGiven, meanOfChosen, uncoveredPixels } from './pixel-groups.js';
import { ignoreIndex as defaultIgnoreIndex, expectLabels } from './pixel-loss.js';
import { perImageOption, type RegionLoss } from './region-loss.js';

const schema = z
  .strictObject({
    q: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'Bounds the loss of a pixel, as its class may be one that nobody drew: (1 − P^q) / q, which for 0 is −log P.',
      ),
    ...perImageOption,
  })
  .describe(
    'Unlabeled pixels learn that they show one of the classes in the labels of their whole image: −log P, where P is the ' +
      'summed likelihood of these classes.',
  );

/** Configures `candidates`. */
export interface CandidatesOptions extends z.input<typeof schema> {}

/**
 * Returns the mean of −log Σ p_c over the unlabeled pixels, where c are the classes in the labels of the whole image. An
 * image without any label has the loss 0.
 *
 * @throws {OperationError} when an option is out of range; the loss throws where `crossEntropy` does, and when it is not
 *   given `candidatesNC`
 */
export function candidates(options: CandidatesOptions = {}): RegionLoss {
  const { q, perImage } = parseOptions('candidates', schema, options);
  return (logitsNCHW, labelsNHW, { ignoreIndex = defaultIgnoreIndex, insideNHW, candidatesNC } = {}) => {
    expectLabels('candidates', logitsNCHW, labelsNHW);
    const [images = 0, classCount = 0] = logitsNCHW.shape;
    const shape = [images, classCount];
    const present = expectGiven('candidates', { name: 'candidatesNC', tensor: candidatesNC, shape });
    return autocast({ device: logitsNCHW.device, enabled: false }, () => {
      const allowed = present.reshape([images, classCount, 1, 1]);
      const lossesNHW = classSetLosses(logitsNCHW.to({ dtype: 'float32' }), allowed, { q });
      const chosenNHW = uncoveredPixels(labelsNHW, { ignoreIndex, insideNHW });
      return meanOfChosen(lossesNHW, { chosenNHW, perImage });
    });
  };
}

export const candidatesComponent = defineComponent({
  kind: 'candidates',
  options: schema,
  needs: ['layout', 'candidates'] as const,
  learnsUncovered: true,
  create: candidates,
});
