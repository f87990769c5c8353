/** Measures on one image all that a training step knows of it: prediction, confidence, losses and weights (Fig. 3). */

import { ignoreIndex, type Sample } from '../data/index.js';
import { MemoryError } from '../errors/index.js';
import { inferLogits, type SegmentationModel } from '../evaluation/index.js';
import { memoryProblem } from '../evaluation/internal.js';
import { agreement } from '../reweighting/index.js';
import { noGrad, scope, type Tensor, tensorFrom } from '../torch/index.js';
import type { ModelWithObjective, MultiHeadModel } from './model-with-objective.js';

/** Holds what was measured on one image: maps of height × width values, row by row. */
export interface ImageMaps {
  /** Class ids. */
  readonly prediction: Uint8Array;
  /** The likelihood of the predicted class, 0..1. */
  readonly likelihood: Float32Array;
  /** v̂, −1..1. */
  readonly confidence: Float32Array;
  /** l_i; NaN where the training label is ignored. */
  readonly losses: Float32Array;
  /** Weights with mean 1 over the labeled pixels, NaN elsewhere; null when there is no reweighter. */
  readonly weights: Float32Array | null;
  /**
   * The factor that makes the weights of this image comparable with those of another. Weights are normalized over an
   * image, which hides that one image is more confident than the next. 1 where weights do not depend on confidence
   * alone, or there are none.
   */
  readonly weightScale: number;
}

/** Configures `measureImage`. */
export interface MeasureImageOptions {
  /** The labels that training uses, height × width; ignored pixels have no loss and no weight. */
  readonly trainingLabels: Uint8Array;
  /** Place of the image in its dataset, for reweighters that remember each image. */
  readonly index: number;
}

/**
 * Measures one image. The model and the reweighter must be in evaluation mode; neither changes. Waits for the device.
 *
 * @throws {MemoryError} naming the image when it is too large for memory
 */
export function measureImage(
  measured: ModelWithObjective,
  sample: Sample,
  options: MeasureImageOptions,
): ImageMaps {
  try {
    return measureMaps(measured, sample, options);
  } catch (error) {
    const { name, width, height } = sample;
    const reason = memoryProblem(error, { width, height, window: measured.inference.window ?? null });
    throw reason === null ? error : new MemoryError(`${name}: ${reason}`, { cause: error });
  }
}

function measureMaps(
  measured: ModelWithObjective,
  sample: Sample,
  { trainingLabels, index }: MeasureImageOptions,
): ImageMaps {
  using _temporaries = scope();
  return noGrad(() => {
    const { pixelLoss, confidence, inference } = measured;
    const { device = 'cpu' } = inference;
    const { logitsNCHW, extraHeads } = infer(measured, sample);
    const shape = [1, sample.height, sample.width];
    const labelsNHW = tensorFrom(trainingLabels, { dtype: 'uint8', shape }).to({ device, dtype: 'int64' });
    const validNHW = labelsNHW.ne(ignoreIndex);
    const lossesNHW = pixelLoss(logitsNCHW, labelsNHW, { extraHeads });
    const confidenceNHW = confidence(logitsNCHW, { extraHeads });
    const agreementNHW = agreementOf(measured, sample, labelsNHW);
    const maps = { logitsNCHW, labelsNHW, validNHW, lossesNHW, confidenceNHW, agreementNHW };
    return {
      prediction: logitsNCHW.argmax(1).to({ dtype: 'uint8' }).toTypedArray() as Uint8Array,
      likelihood: logitsNCHW.softmax(1).amax(1).toTypedArray() as Float32Array,
      confidence: confidenceNHW.toTypedArray() as Float32Array,
      losses: lossesNHW.where(validNHW, Number.NaN).toTypedArray() as Float32Array,
      ...weigh(measured, { ...maps, index }),
    };
  });
}

/** Returns how far the moving average agrees with the labels; null where the reweighter does not ask. */
function agreementOf(
  { teacher, reweighter, inference }: ModelWithObjective,
  sample: Sample,
  labelsNHW: Tensor,
): Tensor | null {
  if (!teacher || !reweighter?.needs?.includes('agreementNHW')) return null;
  const logits = withOutput(teacher, ({ logitsNCHW }) => logitsNCHW);
  return agreement(inferLogits(logits, [sample], inference), labelsNHW);
}

interface WeighedMaps {
  readonly logitsNCHW: Tensor;
  readonly labelsNHW: Tensor;
  readonly validNHW: Tensor;
  readonly lossesNHW: Tensor;
  readonly confidenceNHW: Tensor;
  /** Is null where the reweighter does not read it. */
  readonly agreementNHW: Tensor | null;
  readonly index: number;
}

function weigh(
  { reweighter }: ModelWithObjective,
  { index, agreementNHW, ...maps }: WeighedMaps,
): Pick<ImageMaps, 'weights' | 'weightScale'> {
  if (reweighter === null) return { weights: null, weightScale: 1 };
  const { validNHW, confidenceNHW } = maps;
  const origin = { index, left: 0, top: 0, right: 1, bottom: 1, mirrored: false };
  const weightsNHW = reweighter.weigh({
    ...maps,
    ...(agreementNHW && { agreementNHW }),
    origins: [origin],
  });
  // The weights sum to 1; times the number of labeled pixels, their mean is 1.
  const relativeNHW = weightsNHW.mul(validNHW.sum());
  const flat = relativeNHW.reshape([-1]);
  const heaviest = flat.argmax(0).reshape([1]);
  const greatest = flat.gather(0, heaviest).item();
  const valueThere = (map: Tensor) => map.reshape([-1]).gather(0, heaviest).item();
  const there = agreementNHW ? { agreement: valueThere(agreementNHW) } : {};
  const [unscaled] = reweighter.curve([valueThere(confidenceNHW)], there) ?? [];
  return {
    weights: relativeNHW.where(validNHW, Number.NaN).toTypedArray() as Float32Array,
    weightScale: unscaled === undefined || greatest === 0 ? 1 : unscaled / greatest,
  };
}

interface Outputs {
  readonly logitsNCHW: Tensor;
  readonly extraHeads: Readonly<Record<string, Tensor>>;
}

/**
 * Infers the logits with all scales and windows of the run. Extra heads have no probabilities to average, so they are
 * read at the first scale alone.
 */
function infer({ model, inference }: ModelWithObjective, sample: Sample): Outputs {
  const names = new Set<string>();
  const logitsNCHW = inferLogits(
    withOutput(model, (output) => {
      for (const name of Object.keys(output.extraHeads ?? {})) names.add(name);
      return output.logitsNCHW;
    }),
    [sample],
    inference,
  );
  const single = { ...inference, scales: inference.scales?.slice(0, 1) ?? [1], flip: false };
  const extraHeads: Record<string, Tensor> = {};
  for (const name of names) {
    const head = withOutput(model, ({ extraHeads: maps }) => maps?.[name] as Tensor);
    extraHeads[name] = inferLogits(head, [sample], single);
  }
  return { logitsNCHW, extraHeads };
}

/** Returns the model with another of its outputs in the place of the logits. */
function withOutput(
  model: MultiHeadModel,
  choose: (output: ReturnType<MultiHeadModel['forward']>) => Tensor,
): SegmentationModel {
  return {
    training: model.training,
    train: (on?: boolean) => model.train(on),
    forward: (imagesNCHW: Tensor) => ({ logitsNCHW: choose(model.forward(imagesNCHW)) }),
  };
}
