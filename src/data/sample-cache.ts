/** Decoded samples kept in memory, so that later passes over the dataset need not decode them again. */

import type { Sample, SegmentationDataset } from './dataset.js';

/**
 * A dataset whose samples stay decoded until `budgetBytes` are used; from then on further ones are decoded every time.
 * Nothing is evicted: passes over a dataset larger than the budget would push out every sample just before its turn.
 */
export class SampleCache {
  readonly #dataset: SegmentationDataset;
  readonly #samples = new Map<number, Sample>();
  #bytesLeft: number;

  constructor(dataset: SegmentationDataset, { budgetBytes }: { readonly budgetBytes: number }) {
    this.#dataset = dataset;
    this.#bytesLeft = budgetBytes;
  }

  async read(index: number): Promise<Sample> {
    const kept = this.#samples.get(index);
    if (kept !== undefined) return kept;
    const sample = await this.#dataset.read(index);
    const bytes = sample.image.byteLength + (sample.labels?.byteLength ?? 0);
    if (bytes <= this.#bytesLeft) {
      this.#bytesLeft -= bytes;
      this.#samples.set(index, sample);
    }
    return sample;
  }
}
