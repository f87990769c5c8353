/** What a trained run makes of one image: its labels, its confidence and the weights its training would give. */

import { ignoreIndex, type Sample } from '../data/index.js';
import { type InferenceOptions, inferenceOptions, inferLogits, type LoadedRun } from '../evaluation/index.js';
import { losses, type PixelLoss } from '../losses/index.js';
import { createComponent } from '../registry/index.js';
import { type Confidence, confidences, type Reweighter, reweighters } from '../reweighting/index.js';
import { checkpointPart } from '../runs/index.js';
import { Generator, noGrad, readSafetensors, scope, type Tensor, tensorFrom } from '../torch/index.js';

export interface Inspection {
  /** Height × width class ids. */
  readonly prediction: Uint8Array;
  /** v̂, height × width, −1..1. */
  readonly confidence: Float32Array;
  /** Weights with mean 1 over the weighed pixels, NaN elsewhere; null when the run has no reweighter. */
  readonly weights: Float32Array | null;
}

/** A run with the parts of its objective that the pictures need. */
export class Inspector implements Disposable {
  readonly #run: LoadedRun;
  readonly #inference: InferenceOptions;
  readonly #confidence: Confidence;
  readonly #pixelLoss: PixelLoss;
  readonly #reweighter: Reweighter | null;

  /** @throws CheckpointError when the checkpoint's reweighter doesn't fit the config */
  constructor(run: LoadedRun) {
    const { config, classes, checkpoint } = run;
    const classCount = classes.length;
    this.#run = run;
    this.#inference = { ...inferenceOptions(config), device: 'cpu', precision: 'float32' };
    this.#confidence = createComponent(confidences, config.confidence, { classCount });
    this.#pixelLoss = createComponent(losses, config.loss, { classCount });
    this.#reweighter = null;
    if (config.reweighter === null) return;
    using generator = new Generator(0);
    const reweighter = createComponent(reweighters, config.reweighter, {
      classCount,
      datasetLength: 0,
      generator,
    });
    try {
      using _read = scope();
      reweighter.loadStateDict(checkpointPart(readSafetensors(checkpoint).tensors, 'reweighter'));
      reweighter.eval();
    } catch (error) {
      reweighter.dispose();
      throw error;
    }
    this.#reweighter = reweighter;
  }

  /** @param teaching the labels that training would have used; ignored pixels get no weight */
  inspect(sample: Sample, teaching: Uint8Array): Inspection {
    using _temporaries = scope();
    return noGrad(() => {
      const logitsNCHW = inferLogits(this.#run.model, [sample], this.#inference);
      const confidenceNHW = this.#confidence(logitsNCHW);
      return {
        prediction: logitsNCHW.argmax(1).to({ dtype: 'uint8' }).toTypedArray() as Uint8Array,
        confidence: confidenceNHW.toTypedArray() as Float32Array,
        weights: this.#weigh(logitsNCHW, confidenceNHW, { sample, teaching }),
      };
    });
  }

  #weigh(
    logitsNCHW: Tensor,
    confidenceNHW: Tensor,
    { sample, teaching }: { sample: Sample; teaching: Uint8Array },
  ): Float32Array | null {
    if (this.#reweighter === null) return null;
    const shape = [1, sample.height, sample.width];
    const labelsNHW = tensorFrom(teaching, { dtype: 'uint8', shape }).to({ dtype: 'int64' });
    const validNHW = labelsNHW.ne(ignoreIndex);
    const lossesNHW = this.#pixelLoss(logitsNCHW, labelsNHW);
    const weightsNHW = this.#reweighter.weigh({ confidenceNHW, lossesNHW, validNHW });
    // They sum to 1; times the number of pixels, 1 is the mean.
    const count = validNHW.sum().item();
    return weightsNHW.mul(count).where(validNHW, Number.NaN).toTypedArray() as Float32Array;
  }

  [Symbol.dispose](): void {
    this.#reweighter?.dispose();
  }
}
