/** Scores a model on a labeled dataset, at the resolution of the labels. */

import type { Sample, SegmentationDataset } from '../data/index.js';
import { oneClassProblem } from '../data/internal.js';
import type { Collectives } from '../distributed/index.js';
import { DataError } from '../errors/index.js';
import { scope, type Tensor, tensorFrom } from '../torch/index.js';
import { BoundaryCounts } from './boundary-score.js';
import { ConfusionMatrix } from './confusion-matrix.js';
import { inferIds, openInMemory } from './infer-labels.js';
import { inferWith } from './infer-with.js';
import type { InferenceOptions } from './inference-protocol.js';
import { type LeftOut, memoryProblem } from './memory-problem.js';
import type { ClassMetrics, Metrics } from './metrics.js';
import { sameSizeBatches } from './same-size-batches.js';
import type { SegmentationModel } from './segmentation-model.js';
import { TrimapCounts, type TrimapScore } from './trimap-score.js';

/** Reports how far an evaluation has come, in images. */
export interface EvaluationProgress {
  /** Counts the images scored so far. */
  readonly done: number;
  readonly total: number;
}

/** Configures `evaluate`. */
export interface EvaluationOptions extends InferenceOptions {
  /** Limits the images of one size that go through the network together; 1 by default. More help a GPU, not a CPU. */
  readonly batchSize?: number;
  /** Also computes boundary F-score and trimap mIoU, on the host. */
  readonly boundary?: boolean;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Is called after every batch; when it returns true the evaluation ends with what was counted so far. */
  readonly shouldStop?: () => boolean;
  /** Connects processes that score together: each takes every n-th image, and all get the scores of all images. */
  readonly processGroup?: Pick<Collectives, 'rank' | 'worldSize' | 'allReduce_'> | null;
}

/** Holds the scores of a named class. */
export interface EvaluatedClass extends ClassMetrics {
  readonly name: string;
  /** Gives a fraction in [0, 1]; null when the class has no boundary in truth or prediction, or boundaries were not scored. */
  readonly boundaryF1: number | null;
}

/** Holds the scores of a model on a dataset. */
export interface Evaluation extends Metrics {
  readonly perClass: readonly EvaluatedClass[];
  /** Gives the mean boundary F-score over the classes that have a boundary, in [0, 1]; null unless `boundary` is set. */
  readonly boundaryF1: number | null;
  /** Holds the mIoU in bands around true boundaries, narrowest first; null unless `boundary` is set. */
  readonly trimapMIoU: readonly TrimapScore[] | null;
  /** Counts the images that were scored: all of the dataset unless `stopped`. */
  readonly images: number;
  /** Lists the images that were too large for memory, with the reason; of several processes, those of this one. */
  readonly skipped: readonly LeftOut[];
  readonly stopped: boolean;
}

/**
 * Returns the scores of a model over all images of a dataset. Memory does not grow with the number of images.
 * @throws {DataError} naming the image when it cannot be read, has no labels, or a label is not a class, and for a dataset of one class
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
  if (classCount === 1) throw new DataError(`evaluate: ${oneClassProblem(dataset.classes)}`);
  using matrix = new ConfusionMatrix(classCount, { device });
  const boundaryCounts = boundary
    ? { boundary: new BoundaryCounts(classCount), trimap: new TrimapCounts(classCount) }
    : null;
  const { rank, worldSize } = processGroup ?? { rank: 0, worldSize: 1 };
  // Every image is scored by exactly one rank, however many remain for the last round.
  const total = Math.ceil((dataset.length - rank) / worldSize);
  const skipped: LeftOut[] = [];
  let done = 0;
  let stopped = false;

  await inferWith(model, inference, async (prepared) => {
    const read = (place: number) => dataset.read(place * worldSize + rank);
    for await (const samples of sameSizeBatches(total, { read, batchSize })) {
      skipped.push(...scoreWhatFits(prepared, samples, { ...inference, matrix, boundaryCounts }));
      done += samples.length;
      onProgress?.({ done, total });
      stopped = done < total && (shouldStop?.() ?? false);
      if (stopped) break;
    }
  });

  const scored = done - skipped.length;
  const images =
    processGroup === null ? scored : sumOverRanks(processGroup, { done: scored, matrix, boundaryCounts });
  const metrics = matrix.metrics();
  const boundaryScore = boundaryCounts?.boundary.score() ?? null;
  const perClass = metrics.perClass.map((scores, id) => ({
    name: (dataset.classes[id] as { name: string }).name,
    ...scores,
    boundaryF1: boundaryScore?.perClass[id] ?? null,
  }));
  const boundaryF1 = boundaryScore?.mean ?? null;
  const trimapMIoU = boundaryCounts?.trimap.scores() ?? null;
  return { ...metrics, perClass, boundaryF1, trimapMIoU, images, skipped, stopped };
}

interface Counts {
  readonly matrix: ConfusionMatrix;
  readonly boundaryCounts: { readonly boundary: BoundaryCounts; readonly trimap: TrimapCounts } | null;
}

/** Sums the counts of all ranks exactly, in place, and returns the number of images that they are of. */
function sumOverRanks(
  processGroup: Pick<Collectives, 'allReduce_'>,
  { done, matrix, boundaryCounts }: Counts & { readonly done: number },
): number {
  const images = BigInt64Array.of(BigInt(done));
  const onHost = boundaryCounts
    ? [...boundaryCounts.boundary.counts(), ...boundaryCounts.trimap.counts()]
    : [];
  matrix.sumOver(processGroup);
  for (const counts of [images, ...onHost]) {
    using _temporaries = scope();
    const sum = tensorFrom(counts, { dtype: 'int64', shape: [counts.length] });
    processGroup.allReduce_(sum);
    counts.set(sum.toTypedArray() as BigInt64Array);
  }
  return Number(images[0]);
}

/** Scores the samples that fit into memory, a batch that does not one by one, and returns the others. */
function scoreWhatFits(
  model: SegmentationModel,
  samples: readonly Sample[],
  options: Counts & InferenceOptions,
): LeftOut[] {
  using _temporaries = scope();
  const { matrix, boundaryCounts, ...inference } = options;
  const [{ name, width, height }, ...others] = samples as readonly [Sample, ...Sample[]];
  const labels = labelsOf(samples);
  let predictionNHW: Tensor;
  try {
    predictionNHW = inferIds(model, samples.map(openInMemory), inference);
  } catch (error) {
    const reason = memoryProblem(error, { width, height, window: inference.window ?? null });
    if (reason === null) throw error;
    if (others.length === 0) return [{ image: name, reason }];
    return samples.flatMap((sample) => scoreWhatFits(model, [sample], options));
  }
  count(predictionNHW, { samples, labels, matrix, boundaryCounts });
  return [];
}

/** Returns the labels of all samples, one after the other. */
function labelsOf(samples: readonly Sample[]): Uint8Array {
  const [{ width, height }] = samples as readonly [Sample];
  const labels = new Uint8Array(samples.length * width * height);
  for (const [index, sample] of samples.entries()) {
    if (sample.labels === null) {
      throw new DataError(
        `${sample.name}: expected labels to evaluate on, found none; choose a labeled split`,
      );
    }
    labels.set(sample.labels, index * width * height);
  }
  return labels;
}

/** Adds predictions, uint8 [N, H, W], to the counts. */
function count(
  predictionNHW: Tensor,
  {
    samples,
    labels,
    matrix,
    boundaryCounts,
  }: Counts & { readonly samples: readonly Sample[]; readonly labels: Uint8Array },
): void {
  const { width, height } = samples[0] as Sample;
  const labelsNHW = tensorFrom(labels, { dtype: 'uint8', shape: [samples.length, height, width] });
  try {
    matrix.update(predictionNHW, labelsNHW.to({ device: predictionNHW.device }));
  } catch (error) {
    const names = samples.map((sample) => sample.name).join(', ');
    throw error instanceof DataError ? new DataError(`${names}: ${error.message}`, { cause: error }) : error;
  }
  if (boundaryCounts === null) return;
  const prediction = predictionNHW.to({ device: 'cpu' }).toTypedArray() as Uint8Array;
  for (let start = 0; start < labels.length; start += width * height) {
    const own = [prediction, labels].map((ids) => ids.subarray(start, start + width * height));
    const [predicted, truth] = own as [Uint8Array, Uint8Array];
    boundaryCounts.boundary.update(predicted, truth, { width, height });
    boundaryCounts.trimap.update(predicted, truth, { width, height });
  }
}
