/**
 * Computes the relaxed loss of pixels at the borders of labels (Zhu et al., "Improving semantic segmentation via video
 * propagation and label relaxation", CVPR 2019, section 3.3): −log of the summed likelihood of the classes that lie around a
 * pixel. A border is rarely drawn where it is, so a pixel near it may have either class.
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { arange, autocast, noGrad, ops, type Tensor, tidy } from '../torch/index.js';
import { classSetLosses } from './class-set.js';
import { meanOfChosen } from './pixel-groups.js';
import { ignoreIndex as defaultIgnoreIndex, expectLabels } from './pixel-loss.js';
import { perImageOption, type RegionLoss, type RelaxationContext } from './region-loss.js';

const schema = z
  .strictObject({
    radius: z
      .int()
      .min(1)
      .default(3)
      .describe(
        'Pixels up to which a label lies around a pixel, in each direction. In quick mode it is rounded to cells of four ' +
          'pixels, at least one.',
      ),
    ...perImageOption,
  })
  .describe(
    'Pixels with labels of several classes around them learn that they show one of these: −log of their summed likelihood ' +
      '(Zhu et al. 2019). It takes the place of the pixel loss there.',
  );

/** Configures `relaxation`. */
export interface RelaxationOptions extends z.input<typeof schema> {}

/**
 * Returns the mean of −log Σ p_c over the pixels with labels of at least two classes c within the radius, labeled or not. Its
 * `relaxes` gives the labeled ones among them, whose pixel loss a training step leaves out.
 *
 * @throws {OperationError} when an option is out of range; the loss throws where `crossEntropy` does
 */
export function relaxation(options: RelaxationOptions = {}): RegionLoss {
  const { radius, perImage } = parseOptions('relaxation', schema, options);
  const borderOf = (labelsNHW: Tensor, { ignoreIndex, cellSize = 1, insideNHW }: BorderContext) => {
    const reach = reachOf({ radius, cellSize });
    const borderNHW = mixedNeighbors(labelsNHW, { reach, ignoreIndex });
    return insideNHW ? borderNHW.logicalAnd(insideNHW) : borderNHW;
  };
  const loss: RegionLoss = (logitsNCHW, labelsNHW, context = {}) => {
    const { ignoreIndex = defaultIgnoreIndex, cellSize = 1 } = context;
    expectLabels('relaxation', logitsNCHW, labelsNHW);
    return autocast({ device: logitsNCHW.device, enabled: false }, () => {
      const [, classCount = 0] = logitsNCHW.shape;
      const reach = reachOf({ radius, cellSize });
      const allowed = noGrad(() => tidy(() => classesAround(labelsNHW, { classCount, reach })));
      const chosenNHW = noGrad(() => tidy(() => borderOf(labelsNHW, { ...context, ignoreIndex })));
      const lossesNHW = classSetLosses(logitsNCHW.to({ dtype: 'float32' }), allowed);
      return meanOfChosen(lossesNHW, { chosenNHW, perImage });
    });
  };
  const relaxes = (
    labelsNHW: Tensor,
    { ignoreIndex = defaultIgnoreIndex, cellSize = 1 }: RelaxationContext = {},
  ) => tidy(() => borderOf(labelsNHW, { ignoreIndex, cellSize }).logicalAnd(labelsNHW.ne(ignoreIndex)));
  return Object.assign(loss, { relaxes });
}

interface BorderContext extends RelaxationContext {
  readonly ignoreIndex: number;
  readonly insideNHW?: Tensor;
}

function reachOf({ radius, cellSize }: { readonly radius: number; readonly cellSize: number }): number {
  return Math.max(1, Math.round(radius / cellSize));
}

/** Returns the classes of the labels around each pixel, [N,C,H,W] bool. */
function classesAround(
  labelsNHW: Tensor,
  { classCount, reach }: { readonly classCount: number; readonly reach: number },
): Tensor {
  const kinds = arange(classCount, { dtype: 'int64', device: labelsNHW.device }).reshape([1, -1, 1, 1]);
  const truth = labelsNHW.unsqueeze(1).eq(kinds).to({ dtype: 'float32' });
  return largestAround(truth, reach).gt(0);
}

/** Returns the pixels around which labels of at least two classes lie, [N,H,W] bool. */
function mixedNeighbors(
  labelsNHW: Tensor,
  { reach, ignoreIndex }: { readonly reach: number; readonly ignoreIndex: number },
): Tensor {
  const labeled = labelsNHW.ne(ignoreIndex);
  const values = labelsNHW.to({ dtype: 'float32' });
  const around = (map: Tensor) => largestAround(map.unsqueeze(1), reach).squeeze(1);
  const highest = around(values.where(labeled, Number.NEGATIVE_INFINITY));
  const lowest = around(values.neg().where(labeled, Number.NEGATIVE_INFINITY)).neg();
  // Where no label lies around, −∞ is less than ∞.
  return highest.gt(lowest);
}

/** Returns the largest value of each channel within a square around every pixel. */
function largestAround(mapNCHW: Tensor, reach: number): Tensor {
  const side = 2 * reach + 1;
  const across = ops.maxPool2d(mapNCHW, [1, side], { stride: 1, padding: [0, reach] });
  return ops.maxPool2d(across, [side, 1], { stride: 1, padding: [reach, 0] });
}

export const relaxationComponent = defineComponent({
  kind: 'relaxation',
  options: schema,
  needs: ['layout'] as const,
  create: relaxation,
});
