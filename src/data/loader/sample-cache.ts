/** Keeps decoded samples in memory, so that later passes over the dataset need not decode them again. */

import type { OpenSample, Sample, SegmentationDataset } from '../datasets/dataset.js';

/**
 * Keeps samples decoded until `budgetBytes` are used. Further samples are opened every time, and only the rows that a crop
 * shows are decoded. Nothing is evicted: a pass over a dataset larger than the budget would evict every sample just before
 * its turn.
 */
export class SampleCache {
  readonly #dataset: SegmentationDataset;
  readonly #samples = new Map<number, OpenSample>();
  #bytesLeft: number;

  constructor(dataset: SegmentationDataset, { budgetBytes }: { readonly budgetBytes: number }) {
    this.#dataset = dataset;
    this.#bytesLeft = budgetBytes;
  }

  /**
   * Returns sample `index` from memory or from the dataset.
   *
   * @throws {DataError} naming the file when the sample cannot be used
   */
  async open(index: number): Promise<OpenSample> {
    const kept = this.#samples.get(index);
    if (kept !== undefined) return kept;
    const sample = (await this.#dataset.open?.(index)) ?? decoded(await this.#dataset.read(index));
    const { width, height, labels } = sample;
    const channels = this.#dataset.channels ?? 3;
    const bytes = channels * width * height + (labels?.byteLength ?? 0);
    if (bytes > this.#bytesLeft) return sample;
    this.#bytesLeft -= bytes;
    const whole = decoded({ ...sample, image: sample.imageRows({ first: 0, count: height }) });
    this.#samples.set(index, whole);
    return whole;
  }
}

function decoded({ name, width, height, labels, image }: Sample): OpenSample {
  const rowBytes = image.length / height;
  return {
    name,
    width,
    height,
    labels,
    imageRows: ({ first, count }) => image.subarray(first * rowBytes, (first + count) * rowBytes),
  };
}
