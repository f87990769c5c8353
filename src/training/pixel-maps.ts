/**
 * Computes one loss and one confidence for each pixel from the maps of the heads: in one fused pass where loss and
 * confidence have one, and otherwise from logits that are resized to the labels' size.
 */

import { ignoreIndex } from '../data/index.js';
import { crossEntropy, fusedPixelLoss } from '../losses/index.js';
import { resizeBilinear } from '../nn/index.js';
import type { Tensor } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';
import { type ClassWeighting, withClassWeights } from './class-weighting.js';
import type { Phase, StepBatch, TrainableOutput, TrainingComponents } from './training-components.js';

/** Holds the maps of the heads, at any resolution, and the batch they were predicted for. */
export interface PixelMapsInput extends TrainableOutput {
  readonly batch: StepBatch;
  readonly phase: Phase;
  /** Weighs the losses by class; null for all classes alike. */
  readonly weighting: ClassWeighting | null;
}

export interface PixelMaps {
  /** Holds l_i with the weights of their classes, [N,H,W] float32, 0 where ignored. */
  readonly lossesNHW: Tensor;
  /** Holds v̂, [N,H,W] float32; null without a reweighter. */
  readonly confidenceNHW: Tensor | null;
  /** Holds detached logits [N,C,H,W] at the labels' size; null in the fused pass, which never computes them. */
  readonly logitsNCHW: Tensor | null;
}

/** Returns the loss and confidence of every pixel at the labels' size. */
export function pixelMapsOf(components: TrainingComponents, input: PixelMapsInput): PixelMaps {
  const { logitsNCHW, batch, weighting } = input;
  const { pixelLoss: loss, confidence, reweighter } = components;
  const maps = selectKernel<PixelMaps>('pixelLoss', {
    inputs: [logitsNCHW],
    when: canFuse(components),
    fused: () => ({
      ...fusedPixelLoss(logitsNCHW, batch.labelsNHW, {
        loss,
        confidence: reweighter && confidence,
        ignoreIndex,
        classWeights: weighting?.classWeights ?? null,
      }),
      logitsNCHW: null,
    }),
    stock: () => plainMaps(components, input),
  });
  return { ...maps, lossesNHW: withClassWeights(maps.lossesNHW, weighting, loss) };
}

/** Returns the plain cross-entropy [N,H,W] of the auxiliary head's logits [N,C,h,w]. */
export function auxiliaryLossesOf(logitsNCHW: Tensor, labelsNHW: Tensor): Tensor {
  return selectKernel('pixelLoss', {
    inputs: [logitsNCHW],
    fused: () => fusedPixelLoss(logitsNCHW, labelsNHW, { ignoreIndex }).lossesNHW,
    stock: () => crossEntropy(atSizeOf(labelsNHW, logitsNCHW), labelsNHW, { ignoreIndex }),
  });
}

/** Returns whether loss and confidence have a fused form and the reweighter needs no logits at the labels' size. */
function canFuse({ pixelLoss, confidence, reweighter }: TrainingComponents): boolean {
  if (pixelLoss.fused === undefined) return false;
  if (reweighter === null) return true;
  return confidence.fused !== undefined && !reweighter.needs?.includes('logitsNCHW');
}

function plainMaps(
  { pixelLoss, confidence, reweighter }: TrainingComponents,
  input: PixelMapsInput,
): PixelMaps {
  const { labelsNHW } = input.batch;
  const logitsNCHW = atSizeOf(labelsNHW, input.logitsNCHW);
  const extraHeads = Object.fromEntries(
    Object.entries(input.extraHeads ?? {}).map(([name, map]) => [name, atSizeOf(labelsNHW, map)]),
  );
  const detach = input.phase === 'isolated' && { detach: true };
  return {
    lossesNHW: pixelLoss(logitsNCHW, labelsNHW, {
      extraHeads,
      ignoreIndex,
      ...(input.weighting && { classWeights: input.weighting.classWeights }),
    }),
    confidenceNHW: reweighter && confidence(logitsNCHW, { extraHeads, ...detach }),
    logitsNCHW: logitsNCHW.detach(),
  };
}

function atSizeOf(labelsNHW: Tensor, mapNCHW: Tensor): Tensor {
  const [, height = 0, width = 0] = labelsNHW.shape;
  return resizeBilinear(mapNCHW, [height, width]);
}
