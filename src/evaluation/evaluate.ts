/** Scores a model on a labeled data set, at the resolution of the labels. */
import type { Sample, SegmentationDataset } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import { DataError } from '../errors/index.js';
import { scope, tensorFrom } from '../torch/index.js';
import { BoundaryCounts } from './boundary-score.js';
import { ConfusionMatrix } from './confusion-matrix.js';
import { type InferenceOptions, inferLabels } from './infer-labels.js';
import { inferWith } from './infer-with.js';
import type { ClassMetrics, Metrics } from './metrics.js';
import { sameSizeBatches } from './same-size-batches.js';
import type { SegmentationModel } from './segmentation-model.js';
import { TrimapCounts, type TrimapScore } from './trimap-score.js';

export interface EvaluationProgress {
  /** Images scored so far. */
  readonly done: number;
  readonly total: number;
}

export interface EvaluationOptions extends InferenceOptions {
  /** Images of one size that go through the network together. Larger helps a GPU; on a CPU 1 is as fast. */
  readonly batchSize?: number;
  /** Also measures how well outlines are met: boundary F-score and trimap mIoU, on the host. */
  readonly boundary?: boolean;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Asked after every batch; true ends the evaluation with what was counted so far. */
  readonly shouldStop?: () => boolean;
  /** Processes that score together: each takes every n-th image, and all get the scores of all images. */
  readonly processGroup?: Pick<Collectives, 'rank' | 'worldSize' | 'allReduce_'> | null;
}

export interface EvaluatedClass extends ClassMetrics {
  readonly name: string;
  /** 0..1; null where the class has no boundary in truth or prediction, or where it was not asked for. */
  readonly boundaryF1: number | null;
}

export interface Evaluation extends Metrics {
  readonly perClass: readonly EvaluatedClass[];
  /** Mean boundary F-score over the classes that have a boundary, 0..1; null unless asked for. */
  readonly boundaryF1: number | null;
  /** mIoU in bands around the true boundaries, narrowest first; null unless asked for. */
  readonly trimapMIoU: readonly TrimapScore[] | null;
  /** Images that were scored: all of the data set's, unless `stopped`. */
  readonly images: number;
  readonly stopped: boolean;
}

/**
 * Memory does not grow with the number of images: confusion matrices and the images in flight.
 *
 * @throws DataError when an image has no labels or a label is outside the classes; the image is named
 */
export async function evaluate(
  model: SegmentationModel,
  dataset: SegmentationDataset,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  const {
    batchSize = 1,
    boundary = false,
    onProgress,
    shouldStop,
    processGroup = null,
    ...inference
  } = options;
  const { device = 'cpu' } = inference;
  const classCount = dataset.classes.length;
  using matrix = new ConfusionMatrix(classCount, { device });
  const outlines = boundary
    ? { boundary: new BoundaryCounts(classCount), trimap: new TrimapCounts(classCount) }
    : null;
  const { rank, worldSize } = processGroup ?? { rank: 0, worldSize: 1 };
  // No image twice and none left out, however many remain for the last round.
  const total = Math.ceil((dataset.length - rank) / worldSize);
  let done = 0;
  let stopped = false;

  await inferWith(model, inference, async (prepared) => {
    const read = (place: number) => dataset.read(place * worldSize + rank);
    for await (const samples of sameSizeBatches(total, { read, batchSize })) {
      score(prepared, samples, { ...inference, matrix, outlines });
      done += samples.length;
      onProgress?.({ done, total });
      stopped = done < total && (shouldStop?.() ?? false);
      if (stopped) break;
    }
  });

  const images = processGroup === null ? done : sumOverRanks(processGroup, { done, matrix, outlines });
  const metrics = matrix.metrics();
  const outlined = outlines?.boundary.score() ?? null;
  const perClass = metrics.perClass.map((scores, id) => ({
    name: (dataset.classes[id] as { name: string }).name,
    ...scores,
    boundaryF1: outlined?.perClass[id] ?? null,
  }));
  const boundaryF1 = outlined?.mean ?? null;
  const trimapMIoU = outlines?.trimap.scores() ?? null;
  return { ...metrics, perClass, boundaryF1, trimapMIoU, images, stopped };
}

interface Counts {
  readonly matrix: ConfusionMatrix;
  readonly outlines: { readonly boundary: BoundaryCounts; readonly trimap: TrimapCounts } | null;
}

/** Makes the counts those of all ranks, exactly; returns how many images they are of. */
function sumOverRanks(
  processGroup: Pick<Collectives, 'allReduce_'>,
  { done, matrix, outlines }: Counts & { readonly done: number },
): number {
  const images = BigInt64Array.of(BigInt(done));
  const outlineCounts = outlines ? [...outlines.boundary.counts(), ...outlines.trimap.counts()] : [];
  matrix.sumOver(processGroup);
  for (const counts of [images, ...outlineCounts]) {
    using _temporaries = scope();
    const sum = tensorFrom(counts, { dtype: 'int64', shape: [counts.length] });
    processGroup.allReduce_(sum);
    counts.set(sum.toTypedArray() as BigInt64Array);
  }
  return Number(images[0]);
}

function score(
  model: SegmentationModel,
  samples: readonly Sample[],
  { matrix, outlines, ...inference }: Counts & InferenceOptions,
): void {
  using _temporaries = scope();
  const { width, height } = samples[0] as Sample;
  const labels = new Uint8Array(samples.length * width * height);
  for (const [index, sample] of samples.entries()) {
    if (sample.labels === null) {
      throw new DataError(
        `${sample.name}: expected labels to evaluate on, found none; choose a labeled split`,
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
  if (outlines === null) return;
  const prediction = predictionNHW.to({ dtype: 'uint8', device: 'cpu' }).toTypedArray() as Uint8Array;
  for (let start = 0; start < labels.length; start += width * height) {
    const own = [prediction, labels].map((ids) => ids.subarray(start, start + width * height));
    const [said, truth] = own as [Uint8Array, Uint8Array];
    outlines.boundary.update(said, truth, { width, height });
    outlines.trimap.update(said, truth, { width, height });
  }
}
