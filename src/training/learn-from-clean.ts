/**
 * Lets a reweighter learn from clean labels before a step of the network. The reweighter gets the network's losses as
 * functions, which it may call after it changed the network's parameters; the step that follows sees none of it.
 */

import { ignoreIndex } from '../data/index.js';
import type { Module } from '../nn/index.js';
import type { CleanLearner } from '../reweighting/index.js';
import { fullFloat32, type Generator, noGrad, scope, type Tensor, tidy } from '../torch/index.js';
import { meanLoss } from './objective.js';
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
  {
    model,
    pixelLoss,
    processGroup,
    normScope,
  }: Pick<TrainingComponents, 'model' | 'pixelLoss' | 'processGroup' | 'normScope'>,
  { learner, batch, clean, learningRate, generator }: LearnFromCleanOptions,
): void {
  const normProcessGroup = normScope === 'global' ? processGroup : null;
  const drawn = generator.state();
  const lossesOf = ({ imagesNCHW, labelsNHW }: StepBatch) => {
    // Frees what the graph does not hold, because several passes exist at the same time.
    using pass = scope();
    // Every call draws the same masks; otherwise differences between calls would be those of the masks.
    generator.setState(drawn);
    const { logitsNCHW, extraHeads = {} } = model.forward(imagesNCHW);
    return {
      lossesNHW: pass.keep(pixelLoss(logitsNCHW, labelsNHW, { extraHeads })),
      validNHW: pass.keep(labelsNHW.ne(ignoreIndex)),
    };
  };
  tidy(() => {
    const restore = saveBuffers(model);
    try {
      fullFloat32(() =>
        learner.learn({
          parameters: model.parameters(),
          learningRate,
          losses: () => lossesOf(batch),
          cleanLoss: () => {
            const { lossesNHW, validNHW } = lossesOf(clean);
            return meanLoss(lossesNHW, validNHW, { normProcessGroup });
          },
          ...(processGroup && { processGroup }),
          ...(normProcessGroup && { sumOverRanks: (sums: Tensor) => normProcessGroup.sumOverRanks(sums) }),
        }),
      );
    } finally {
      restore();
      generator.setState(drawn);
    }
  });
}

/** Copies the running statistics and returns a function that restores them. */
function saveBuffers(model: Module): () => void {
  const buffers = [...model.namedBuffers().values()];
  const saved = buffers.map((buffer) => buffer.clone());
  return () =>
    noGrad(() => {
      for (const [place, buffer] of buffers.entries()) {
        const before = saved[place];
        if (before) buffer.copy_(before);
      }
    });
}
