/**
 * Computes segmentation metrics from a confusion matrix. Sums are 64-bit integers, so that a dataset of any size is counted
 * exactly; only the final ratios are floating point.
 *
 * A class without a pixel in ground truth and prediction is in no mean. A class that is predicted but never true has an
 * IoU of 0, which counts in mIoU, and no accuracy, because it has no pixels that could be found. mmsegmentation, whose
 * scores papers state, takes both means in the same way.
 */

/** Holds the scores of one class. */
export interface ClassMetrics {
  /** Gives the intersection over union, in [0, 1]; null when the class is neither in the ground truth nor in the prediction. */
  readonly iou: number | null;
  /**
   * Gives the share of the class's true pixels that were predicted as such (recall), in [0, 1]; null when the class is
   * not in the ground truth.
   */
  readonly accuracy: number | null;
  /** Counts the ground-truth pixels of the class. */
  readonly pixels: number;
}

/** Holds scores as fractions in [0, 1]; NaN when no valid pixel was counted. */
export interface Metrics {
  /** Gives the share of valid pixels that were predicted correctly. */
  readonly aAcc: number;
  /** Gives the mean accuracy over the classes in the ground truth. */
  readonly mAcc: number;
  /** Gives the mean intersection over union over the classes in the ground truth or the prediction. */
  readonly mIoU: number;
  /** Holds one entry for each class id, in order. */
  readonly perClass: readonly ClassMetrics[];
}

/**
 * Returns the metrics of a confusion matrix.
 * @param matrix row-major [classCount, classCount]; the row is the true class, the column the predicted one
 * @throws {RangeError} when the matrix has another size
 */
export function metricsFrom(matrix: BigInt64Array, classCount: number): Metrics {
  if (matrix.length !== classCount * classCount) {
    throw new RangeError(
      `metricsFrom: expected ${classCount * classCount} counts for ${classCount} classes, received ${matrix.length}`,
    );
  }
  const trueTotals = new BigInt64Array(classCount);
  const predictedTotals = new BigInt64Array(classCount);
  let total = 0n;
  let correct = 0n;
  for (let truth = 0; truth < classCount; truth += 1) {
    for (let predicted = 0; predicted < classCount; predicted += 1) {
      const count = matrix[truth * classCount + predicted] as bigint;
      trueTotals[truth] = (trueTotals[truth] as bigint) + count;
      predictedTotals[predicted] = (predictedTotals[predicted] as bigint) + count;
      total += count;
      if (truth === predicted) correct += count;
    }
  }

  const perClass: ClassMetrics[] = [];
  for (let id = 0; id < classCount; id += 1) {
    const hits = matrix[id * classCount + id] as bigint;
    const truths = trueTotals[id] as bigint;
    const union = truths + (predictedTotals[id] as bigint) - hits;
    perClass.push({
      iou: union === 0n ? null : Number(hits) / Number(union),
      accuracy: truths === 0n ? null : Number(hits) / Number(truths),
      pixels: Number(truths),
    });
  }
  return {
    aAcc: total === 0n ? Number.NaN : Number(correct) / Number(total),
    mAcc: meanOfPresent(perClass.map((one) => one.accuracy)),
    mIoU: meanOfPresent(perClass.map((one) => one.iou)),
    perClass,
  };
}

function meanOfPresent(values: readonly (number | null)[]): number {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? Number.NaN : present.reduce((sum, value) => sum + value, 0) / present.length;
}
