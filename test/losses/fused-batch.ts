/** Creates batches for the fused pixel loss, and computes its results with the operators that it replaces. */
import { crossEntropy, focal, gce, type PixelLoss, smoothedCrossEntropy } from 'coarsely/losses';
import { resizeBilinear } from 'coarsely/nn';
import { type Confidence, entropy, variance } from 'coarsely/reweighting';
import { Generator, randn, type Tensor, tensorFrom, tidy } from 'coarsely/torch';

export interface FusedCase {
  readonly name: string;
  /** Shape of the logits, [N, C, h, w]. */
  readonly logits: readonly [number, number, number, number];
  /** Size of the labels, [H, W]. */
  readonly labels: readonly [number, number];
  readonly dtype?: 'float32' | 'bfloat16' | 'float16';
  readonly memoryFormat?: 'contiguous' | 'channels-last';
  /** Data type of the logits. */
  readonly scale?: number;
  readonly ignored?: (index: number) => boolean;
}

export const fusedLosses: readonly (readonly [string, PixelLoss])[] = [
  ['cross-entropy', crossEntropy],
  ['gce 0', gce({ q: 0 })],
  ['gce 0.3', gce({ q: 0.3 })],
  ['gce 1', gce({ q: 1 })],
  ['focal 0', focal({ gamma: 0 })],
  ['focal 0.5', focal({ gamma: 0.5 })],
  ['focal 2', focal({ gamma: 2 })],
  ['smoothed 0.1', smoothedCrossEntropy({ labelSmoothing: 0.1 })],
];

export const fusedConfidences: readonly (readonly [string, Confidence])[] = [
  ['variance', variance],
  ['entropy', entropy],
];

export interface FusedBatch {
  /** Logits, a leaf of the graph. */
  readonly logitsNCHW: Tensor;
  readonly labelsNHW: Tensor;
  /** Factors of the losses, of either sign. */
  readonly factorsNHW: Tensor;
}

/** Draws a batch, the same at each call. */
export function fusedBatch({
  logits: shape,
  labels: [height, width],
  dtype = 'float32',
  memoryFormat = 'channels-last',
  scale = 3,
  ignored = (index) => index % 5 === 0,
}: FusedCase): FusedBatch {
  using generator = new Generator(3);
  const [count, classCount] = shape;
  const labelShape = [count, height, width];
  const labels = Array.from({ length: count * height * width }, (_, index) =>
    ignored(index) ? 255 : (index * 7919) % classCount,
  );
  const values = tidy(() =>
    randn(shape, { dtype: 'float32', generator })
      .mul(scale)
      .to({ dtype })
      .contiguous({ memoryFormat })
      .clone(),
  );
  return {
    logitsNCHW: values.requiresGrad_(),
    labelsNHW: tensorFrom(labels, { dtype: 'int64', shape: labelShape }),
    factorsNHW: randn(labelShape, { dtype: 'float32', generator }),
  };
}

export interface FusedMaps {
  readonly lossesNHW: Tensor;
  readonly confidenceNHW: Tensor;
}

/** Computes losses and confidence from logits at the labels' size. */
export function plainMaps(
  { logitsNCHW, labelsNHW }: FusedBatch,
  { loss, confidence }: { readonly loss: PixelLoss; readonly confidence: Confidence },
): FusedMaps {
  const [, height = 0, width = 0] = labelsNHW.shape;
  const resized = resizeBilinear(logitsNCHW, [height, width]);
  return { lossesNHW: loss(resized, labelsNHW), confidenceNHW: confidence(resized) };
}

/** Returns the gradient of the logits when the losses are summed with the batch's factors. */
export function gradientOf({ logitsNCHW, factorsNHW }: FusedBatch, { lossesNHW }: FusedMaps): Tensor {
  lossesNHW.mul(factorsNHW).sum().backward();
  const { grad } = logitsNCHW;
  if (grad === null) throw new Error('no gradient');
  return grad;
}
