/**
 * Counts pixels by (true class, predicted class) over any number of images in one [C, C] int64 tensor, so that memory
 * depends on the number of classes alone. Pixels labeled `ignoreIndex` are not counted.
 */

import { ignoreIndex } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import { DataError } from '../errors/index.js';
import { type Device, ops, scope, type Tensor, tidy, zeros } from '../torch/index.js';
import { type Metrics, metricsFrom } from './metrics.js';

/** Limits the pixels that are counted at once, because counting takes 60 bytes for each of them. */
const countedAtOnce = 2 ** 22;

/** Counts on the device of the predictions. It owns a tensor: create it outside of scopes that end before it, and dispose it. */
export class ConfusionMatrix implements Disposable {
  readonly classCount: number;
  readonly #counts: Tensor;

  /**
   * Creates a matrix of zeros.
   * @param options.device the device of predictions and labels, on which pixels are counted
   * @throws {RangeError} when the class count is not a positive integer
   */
  constructor(classCount: number, { device = 'cpu' }: { device?: Device } = {}) {
    if (!Number.isInteger(classCount) || classCount < 1) {
      throw new RangeError(`ConfusionMatrix: expected a class count of at least 1, received ${classCount}`);
    }
    this.classCount = classCount;
    this.#counts = zeros([classCount * classCount], { dtype: 'int64', device });
  }

  /**
   * Adds one batch. The host waits for the device here once for every four million pixels, to check that every id is in range.
   *
   * @param predictionNHW class ids [N,H,W], uint8 or int64
   * @param labelsNHW true class ids of the same shape, uint8 or int64; 255 is ignored
   * @throws {DataError} when a label or prediction is not a class, or shapes differ; then nothing of the batch is counted
   */
  update(predictionNHW: Tensor, labelsNHW: Tensor): void {
    if (predictionNHW.shape.join() !== labelsNHW.shape.join()) {
      throw new DataError(
        `ConfusionMatrix.update: expected labels [${predictionNHW.shape}] like the prediction, received [${labelsNHW.shape}]`,
      );
    }
    using _temporaries = scope();
    const [prediction, labels] = [predictionNHW.flatten(), labelsNHW.flatten()];
    const total = zeros([this.classCount * this.classCount], { dtype: 'int64', device: labels.device });
    for (let first = 0; first < labels.numel; first += countedAtOnce) {
      const length = Math.min(countedAtOnce, labels.numel - first);
      tidy(() => {
        total.add_(this.#count(prediction.narrow(0, first, length), labels.narrow(0, first, length)));
      });
    }
    this.#counts.add_(total);
  }

  /** Returns the counts of some pixels. */
  #count(predictedIds: Tensor, trueIds: Tensor): Tensor {
    const { classCount } = this;
    const prediction = predictedIds.to({ dtype: 'int64' });
    const labels = trueIds.to({ dtype: 'int64' });
    const valid = labels.ne(ignoreIndex);
    const inRange = labels
      .lt(classCount)
      .logicalAnd(labels.ge(0))
      .logicalAnd(prediction.lt(classCount))
      .logicalAnd(prediction.ge(0));
    // Two more bins behind the matrix receive what is not counted: ignored pixels, and ids out of range.
    const ignoredBin = classCount * classCount;
    const rejectedBin = ignoredBin + 1;
    const cell = labels.mul(classCount).add(prediction).where(inRange, rejectedBin).where(valid, ignoredBin);
    const bins = ops.bincount(cell, { minlength: rejectedBin + 1 });
    if (bins.select(0, rejectedBin).item() > 0) {
      throw new DataError(outOfRange(labels.maskedSelect(valid), prediction.maskedSelect(valid), classCount));
    }
    return bins.narrow(0, 0, ignoredBin);
  }

  /** Returns the counts so far, row-major [true class, predicted class]. */
  counts(): BigInt64Array {
    return this.#counts.toTypedArray() as BigInt64Array;
  }

  /** Returns aAcc, mAcc, mIoU and the scores of each class over everything counted so far. */
  metrics(): Metrics {
    return metricsFrom(this.counts(), this.classCount);
  }

  /** Adds the counts of all other processes, so that all hold the same counts. Every rank must call it. */
  sumOver(processGroup: Pick<Collectives, 'allReduce_'>): void {
    processGroup.allReduce_(this.#counts);
  }

  /** Sets all counts to 0. */
  reset(): void {
    this.#counts.zero_();
  }

  dispose(): void {
    this.#counts.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function outOfRange(labels: Tensor, prediction: Tensor, classCount: number): string {
  const found = [
    ['label', labels],
    ['prediction', prediction],
  ] as const;
  for (const [what, ids] of found) {
    const lowest = ids.min().item();
    const highest = ids.max().item();
    if (lowest < 0 || highest >= classCount) {
      return (
        `ConfusionMatrix.update: ${what} ${lowest < 0 ? lowest : highest} is no class; ` +
        `expected 0 to ${classCount - 1}${what === 'label' ? `, or ${ignoreIndex} for unlabeled` : ''}`
      );
    }
  }
  return 'ConfusionMatrix.update: an id is out of range';
}
