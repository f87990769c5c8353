/** Scores a model on a labelled data set, at the resolution of the labels. */
import type { Sample, SegmentationDataset } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { scope, tensorFrom } from '../torch/index.js';
import { ConfusionMatrix } from './confusion-matrix.js';
import { type InferenceOptions, inferLabels } from './infer-labels.js';
import type { ClassMetrics, Metrics } from './metrics.js';
import { sameSizeBatches } from './same-size-batches.js';
import { inEvaluationMode, type SegmentationModel } from './segmentation-model.js';

export interface EvaluationProgress {
  /** Images scored so far. */
  readonly done: number;
  readonly total: number;
}

export interface EvaluationOptions extends InferenceOptions {
  /** Images of one size that go through the network together. Larger helps a GPU; on a CPU 1 is as fast. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Asked after every batch; true ends the evaluation with what was counted so far. */
  readonly shouldStop?: () => boolean;
}

export interface Evaluation extends Metrics {
  readonly perClass: readonly (ClassMetrics & { readonly name: string })[];
  /** Images that were scored: all of the data set's, unless `stopped`. */
  readonly images: number;
  readonly stopped: boolean;
}

/**
 * Memory does not grow with the number of images: one confusion matrix and the images in flight.
 *
 * @throws DataError when an image has no labels or a label is outside the classes; the image is named
 */
export async function evaluate(
  model: SegmentationModel,
  dataset: SegmentationDataset,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  const { batchSize = 1, onProgress, shouldStop, ...inference } = options;
  const { device = 'cpu' } = inference;
  using matrix = new ConfusionMatrix(dataset.classes.length, { device });
  const total = dataset.length;
  let done = 0;
  let stopped = false;

  await inEvaluationMode(model, async () => {
    const read = (index: number) => dataset.read(index);
    for await (const samples of sameSizeBatches(total, { read, batchSize })) {
      score(model, samples, { ...inference, matrix });
      done += samples.length;
      onProgress?.({ done, total });
      stopped = done < total && (shouldStop?.() ?? false);
      if (stopped) break;
    }
  });

  const metrics = matrix.metrics();
  const perClass = metrics.perClass.map((scores, id) => ({
    name: (dataset.classes[id] as { name: string }).name,
    ...scores,
  }));
  return { ...metrics, perClass, images: done, stopped };
}

function score(
  model: SegmentationModel,
  samples: readonly Sample[],
  { matrix, ...inference }: { matrix: ConfusionMatrix } & InferenceOptions,
): void {
  using _temporaries = scope();
  const { width, height } = samples[0] as Sample;
  const labels = new Uint8Array(samples.length * width * height);
  for (const [index, sample] of samples.entries()) {
    if (sample.labels === null) {
      throw new DataError(
        `${sample.name}: expected labels to evaluate on, found none; choose a labelled split`,
      );
    }
    labels.set(sample.labels, index * width * height);
  }
  const predictionNHW = inferLabels(model, samples, inference);
  const labelsNHW = tensorFrom(labels, { dtype: 'uint8', shape: [samples.length, height, width] });
  try {
    matrix.update(predictionNHW, labelsNHW.to({ device: inference.device ?? 'cpu' }));
  } catch (error) {
    const names = samples.map((sample) => sample.name).join(', ');
    throw error instanceof DataError ? new DataError(`${names}: ${error.message}`, { cause: error }) : error;
  }
}
