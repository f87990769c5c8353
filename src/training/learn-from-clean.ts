/**
 * Lets a reweighter learn from clean labels before a step of the network. The reweighter gets the network's losses as
 * functions, which it may call after it changed the network's parameters; the step that follows sees none of it.
 */

import { ignoreIndex } from '../data/index.js';
import type { CleanLearner } from '../reweighting/index.js';
import { fullFloat32, type Generator, scope, type Tensor, tidy } from '../torch/index.js';
import { classWeightingOf, withClassWeights } from './class-weighting.js';
import { labelTotals, meanLoss, meanProcessGroup } from './label-totals.js';
import { learningParameters } from './learning-parameters.js';
import { preserveState } from './preserve-state.js';
import type { StepBatch, TrainingComponents } from './training-components.js';

/** Holds what `learnFromClean` reads of a step. */
export interface LearnFromCleanOptions {
  readonly learner: CleanLearner;
  /** Gives the batch of the coming step. */
  readonly batch: StepBatch;
  /** Is a batch whose labels can be trusted. */
  readonly clean: StepBatch;
  /** Gives the learning rate of the coming step. */
  readonly learningRate: number;
  /** Draws the network's dropout masks. */
  readonly generator: Generator;
}

/**
 * Calls the learner with the losses of both batches. All forward passes are computed in full float32, whatever the step's
 * precision, because the differences that the learner takes would be lost in bfloat16 or TF32. Passes normalize by the
 * statistics of their own batch; running statistics and the generator's state are restored at the end.
 */
export function learnFromClean(
  components: TrainingComponents,
  { learner, batch, clean, learningRate, generator }: LearnFromCleanOptions,
): void {
  const { model, pixelLoss, processGroup, classWeights } = components;
  const normProcessGroup = meanProcessGroup(components);
  const drawn = generator.state();
  const lossesOf = ({ imagesNCHW, labelsNHW }: StepBatch) => {
    // Frees what the graph does not hold, because several passes exist at the same time.
    using pass = scope();
    // Every call draws the same masks; otherwise differences between calls would be those of the masks.
    generator.setState(drawn);
    const { logitsNCHW, extraHeads = {} } = model.forward(imagesNCHW);
    const validNHW = labelsNHW.ne(ignoreIndex);
    const totals = labelTotals(components, labelsNHW);
    const weighting = classWeightingOf(classWeights, { labelsNHW, validNHW, totals });
    const options = { extraHeads, ...(classWeights && { classWeights }) };
    const lossesNHW = withClassWeights(pixelLoss(logitsNCHW, labelsNHW, options), weighting, pixelLoss);
    return {
      lossesNHW: pass.keep(lossesNHW),
      validNHW: pass.keep(validNHW),
      totals: { ...totals, labeled: pass.keep(totals.labeled) },
    };
  };
  tidy(() => {
    const restore = preserveState(model, generator);
    try {
      fullFloat32(() =>
        learner.learn({
          parameters: learningParameters(model),
          learningRate,
          losses: () => lossesOf(batch),
          cleanLoss: () => {
            const { lossesNHW, validNHW, totals } = lossesOf(clean);
            return meanLoss(lossesNHW, totals, { validNHW });
          },
          ...(processGroup && { processGroup }),
          ...(normProcessGroup && { sumOverRanks: (sums: Tensor) => normProcessGroup.sumOverRanks(sums) }),
        }),
      );
    } finally {
      restore();
    }
  });
}
