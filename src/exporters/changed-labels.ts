/** Finds out which label maps differ from those of an earlier dataset, so that only these are exported. */

import { ignoreIndex, type SegmentationDataset, type Size } from '../data/index.js';

/** Compares labels with those of an earlier dataset, by the names of classes. */
export class EarlierLabels {
  readonly #dataset: SegmentationDataset | null;
  readonly #indices: ReadonlyMap<string, number>;
  /** Gives the label that this dataset has for each label of the earlier one; −1 for classes that it does not have. */
  readonly #meanings: Int32Array;

  /** Takes the earlier dataset, null when it has no such split, and the classes of the labels that are compared. */
  constructor(
    dataset: SegmentationDataset | null,
    { classes }: { readonly classes: readonly { readonly name: string }[] },
  ) {
    this.#dataset = dataset;
    const names = Array.from({ length: dataset?.length ?? 0 }, (_, index) => dataset?.name(index) ?? '');
    this.#indices = new Map(names.map((name, index) => [name.normalize('NFC'), index]));
    const labels = new Map(classes.map(({ name }, index) => [name.normalize('NFC'), index]));
    this.#meanings = new Int32Array(256).fill(-1);
    this.#meanings[ignoreIndex] = ignoreIndex;
    for (const [index, { name }] of (dataset?.classes ?? []).entries()) {
      this.#meanings[index] = labels.get(name.normalize('NFC')) ?? -1;
    }
  }

  /** Returns whether the labels of an image are others than before, or are new. */
  async differ(
    name: string,
    { labels, width, height }: Size & { readonly labels: Uint8Array },
  ): Promise<boolean> {
    const index = this.#indices.get(name.normalize('NFC'));
    if (this.#dataset === null || index === undefined) return true;
    const before =
      this.#dataset.readLabels === undefined
        ? await this.#dataset.read(index)
        : await this.#dataset.readLabels(index);
    if (before === null || before.labels === null) return true;
    if (before.width !== width || before.height !== height) return true;
    for (let pixel = 0; pixel < labels.length; pixel++) {
      if (this.#meanings[before.labels[pixel] as number] !== labels[pixel]) return true;
    }
    return false;
  }
}
