/**
 * What a reweighter that learns from clean labels is given before a step of the network: the network's losses as
 * functions of its parameters, which it may ask for at parameters of its own, without a trace in what the step will see.
 */

import { ignoreIndex } from '../data/index.js';
import type { Module } from '../nn/index.js';
import type { CleanLearner } from '../reweighting/index.js';
import { fullFloat32, type Generator, noGrad, scope, type Tensor, tidy } from '../torch/index.js';
import { meanLoss } from './objective.js';
import type { StepBatch, TrainingComponents } from './training-components.js';

export interface LearnFromCleanOptions {
  readonly learner: CleanLearner;
  /** The batch of the step to come. */
  readonly batch: StepBatch;
  /** A batch whose labels can be trusted. */
  readonly clean: StepBatch;
  /** Of the step to come. */
  readonly learningRate: number;
  /** Source of the network's dropout masks. */
  readonly generator: Generator;
}

/**
 * All passes are in full float32, whatever the step's precision: what the learner takes differences of would be lost in
 * bfloat16 or TF32. They use the statistics of their own batch, and leave the running ones and the generator as they were.
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
    // Frees what the graph does not hold, as several passes live side by side.
    using pass = scope();
    // The same masks at every call: without that, differences would be of the masks.
    generator.setState(drawn);
    const { logitsNCHW, extraHeads = {} } = model.forward(imagesNCHW);
    return {
      lossesNHW: pass.keep(pixelLoss(logitsNCHW, labelsNHW, { extraHeads })),
      validNHW: pass.keep(labelsNHW.ne(ignoreIndex)),
    };
  };
  tidy(() => {
    const restore = keepBuffers(model);
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

/** Running statistics as they are now; the result puts them back. */
function keepBuffers(model: Module): () => void {
  const buffers = [...model.namedBuffers().values()];
  const kept = buffers.map((buffer) => buffer.clone());
  return () =>
    noGrad(() => {
      for (const [place, buffer] of buffers.entries()) {
        const before = kept[place];
        if (before) buffer.copy_(before);
      }
    });
}
