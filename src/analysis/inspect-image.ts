/** What a network makes of one image: classes, likelihood, confidence, losses and the weights of training (Fig. 3). */

import { ignoreIndex, type Sample } from '../data/index.js';
import { inferLogits } from '../evaluation/index.js';
import { noGrad, scope, type Tensor, tensorFrom } from '../torch/index.js';
import type { Subject, SubjectModel } from './subject.js';

export interface Inspection {
  /** Height × width class ids. */
  readonly prediction: Uint8Array;
  /** The likelihood of the predicted class, height × width, 0..1. */
  readonly likelihood: Float32Array;
  /** v̂, height × width, −1..1. */
  readonly confidence: Float32Array;
  /** l_i, height × width; NaN where the teaching label is ignored. */
  readonly losses: Float32Array;
  /** Weights with mean 1 over the weighed pixels, NaN elsewhere; null when there is no reweighter. */
  readonly weights: Float32Array | null;
  /**
   * What the weights of this image have to be multiplied with to be comparable with those of another: normalization
   * over an image hides that one image is more confident than the next. 1 where weights do not depend on confidence
   * alone, or there are none.
   */
  readonly weightScale: number;
}

export interface InspectOptions {
  /** The labels that training uses, height × width; ignored pixels have no loss and no weight. */
  readonly teaching: Uint8Array;
  /** Place of the image in its data set, for reweighters that remember each image. */
  readonly index: number;
}

/** The model and the reweighter must be in evaluation mode; neither changes. Waits for the device. */
export function inspectImage(
  subject: Subject,
  sample: Sample,
  { teaching, index }: InspectOptions,
): Inspection {
  using _temporaries = scope();
  return noGrad(() => {
    const { pixelLoss, confidence, inference } = subject;
    const { device = 'cpu' } = inference;
    const { logitsNCHW, extraHeads } = infer(subject, sample);
    const shape = [1, sample.height, sample.width];
    const labelsNHW = tensorFrom(teaching, { dtype: 'uint8', shape }).to({ device, dtype: 'int64' });
    const validNHW = labelsNHW.ne(ignoreIndex);
    const lossesNHW = pixelLoss(logitsNCHW, labelsNHW, { extraHeads });
    const confidenceNHW = confidence(logitsNCHW, { extraHeads });
    const maps = { logitsNCHW, labelsNHW, validNHW, lossesNHW, confidenceNHW };
    return {
      prediction: logitsNCHW.argmax(1).to({ dtype: 'uint8' }).toTypedArray() as Uint8Array,
      likelihood: logitsNCHW.softmax(1).amax(1).toTypedArray() as Float32Array,
      confidence: confidenceNHW.toTypedArray() as Float32Array,
      losses: lossesNHW.where(validNHW, Number.NaN).toTypedArray() as Float32Array,
      ...weigh(subject, { ...maps, index }),
    };
  });
}

interface Maps {
  readonly logitsNCHW: Tensor;
  readonly labelsNHW: Tensor;
  readonly validNHW: Tensor;
  readonly lossesNHW: Tensor;
  readonly confidenceNHW: Tensor;
}

function weigh(
  { reweighter }: Subject,
  { index, ...maps }: Maps & Pick<InspectOptions, 'index'>,
): Pick<Inspection, 'weights' | 'weightScale'> {
  if (reweighter === null) return { weights: null, weightScale: 1 };
  const { validNHW, confidenceNHW } = maps;
  const origin = { index, left: 0, top: 0, right: 1, bottom: 1, mirrored: false };
  const weightsNHW = reweighter.weigh({ ...maps, origins: [origin] });
  // They sum to 1; times the number of pixels, 1 is the mean.
  const relativeNHW = weightsNHW.mul(validNHW.sum());
  const heaviest = relativeNHW.reshape([-1]).argmax(0);
  const greatest = relativeNHW
    .reshape([-1])
    .gather(0, heaviest.reshape([1]))
    .item();
  const at = confidenceNHW
    .reshape([-1])
    .gather(0, heaviest.reshape([1]))
    .item();
  const [unscaled] = reweighter.curve([at]) ?? [];
  return {
    weights: relativeNHW.where(validNHW, Number.NaN).toTypedArray() as Float32Array,
    weightScale: unscaled === undefined || greatest === 0 ? 1 : unscaled / greatest,
  };
}

interface Outputs {
  readonly logitsNCHW: Tensor;
  readonly extraHeads: Readonly<Record<string, Tensor>>;
}

/** Logits by the run's protocol; extra heads, which have no probabilities to average, by its first pass. */
function infer({ model, inference }: Subject, sample: Sample): Outputs {
  const names = new Set<string>();
  const logitsNCHW = inferLogits(
    reading(model, (output) => {
      for (const name of Object.keys(output.extraHeads ?? {})) names.add(name);
      return output.logitsNCHW;
    }),
    [sample],
    inference,
  );
  const single = { ...inference, scales: inference.scales?.slice(0, 1) ?? [1], flip: false };
  const extraHeads: Record<string, Tensor> = {};
  for (const name of names) {
    const head = reading(model, ({ extraHeads: maps }) => maps?.[name] as Tensor);
    extraHeads[name] = inferLogits(head, [sample], single);
  }
  return { logitsNCHW, extraHeads };
}

/** The model with another of its outputs in the place of the logits. */
function reading(model: SubjectModel, choose: (output: ReturnType<SubjectModel['forward']>) => Tensor) {
  return {
    training: model.training,
    train: (on?: boolean) => model.train(on),
    forward: (imagesNCHW: Tensor) => ({ logitsNCHW: choose(model.forward(imagesNCHW)) }),
  };
}
