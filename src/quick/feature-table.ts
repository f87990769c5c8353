/**
 * Holds the features of chosen labeled pixels of all images of a dataset in memory, which a head learns from. A row is a
 * pixel; its features are float16, and become the numbers of a batch when they are drawn.
 */

import type { LabelMap } from '../data/index.js';
import { OperationError } from '../errors/index.js';
import { type Tensor, tidy } from '../torch/index.js';
import type { ImageRows } from './image-rows.js';
import { RowStore } from './row-store.js';

/** Makes the rows of an image anew, for all views. */
export interface RowSource extends Disposable {
  /** Returns the rows of an image with these labels; the caller disposes their features. */
  rowsOf(imageIndex: number, labels: LabelMap): Promise<ImageRows[]>;
}

/** Configures a `FeatureTable`. */
export interface FeatureTableParts {
  /** Counts the features of a pixel, or of a cell of a patch. */
  readonly channels: number;
  /** Counts the cells in each direction of a row; 1 for pixels. */
  readonly patchSize: number;
  /** Counts the images of the dataset. */
  readonly images: number;
  /** Limits the rows. */
  readonly capacity: number;
  /** Makes rows anew when labels change; it is disposed with the table. */
  readonly source: RowSource;
}

interface Columns {
  readonly labels: Uint8Array;
  readonly imageIndices: Uint32Array;
  readonly places: Float32Array;
  readonly multiplicities: Float32Array;
  readonly slots: Int32Array;
}

/** Holds rows of features by index, ordered by image. `openFeatureTable` makes one. */
export class FeatureTable implements Disposable {
  readonly channels: number;
  readonly patchSize: number;
  readonly #store: RowStore;
  readonly #source: RowSource;
  readonly #images: (Omit<Columns, 'imageIndices'> | null)[];
  #columns: Columns | null = null;

  /** @internal `openFeatureTable` makes tables. */
  constructor({ channels, patchSize, images, capacity, source }: FeatureTableParts) {
    this.channels = channels;
    this.patchSize = patchSize;
    this.#store = new RowStore(channels * patchSize ** 2, { capacity });
    this.#source = source;
    this.#images = new Array<null>(images).fill(null);
  }

  /** Counts the rows. */
  get length(): number {
    return this.#all.labels.length;
  }

  /** Holds the class of each row. The array is another one after `replace`. */
  get labels(): Uint8Array {
    return this.#all.labels;
  }

  /** Holds for each row the index of its image in the dataset. */
  get imageIndices(): Uint32Array {
    return this.#all.imageIndices;
  }

  /** Holds x and y of each row as fractions of the image's width and height. */
  get places(): Float32Array {
    return this.#all.places;
  }

  /** Says for how many labeled pixels of its image each row stands, as images have the same number of rows at most. */
  get multiplicities(): Float32Array {
    return this.#all.multiplicities;
  }

  /**
   * Returns the features of rows.
   *
   * @param options.dtype the type of the result; float32 by default
   * @returns [1, channels, 1, rows] in channels-last order, which is [rows, channels] in memory; patches as
   *   [rows, channels, patchSize, patchSize] in channels-last order. It belongs to the caller's scope.
   */
  batch(rows: Uint32Array, { dtype = 'float32' }: { readonly dtype?: 'float32' | 'bfloat16' } = {}): Tensor {
    const { slots } = this.#all;
    const chosen = new Int32Array(rows.length);
    for (let place = 0; place < rows.length; place++) chosen[place] = slots[rows[place] as number] ?? -1;
    const { channels, patchSize } = this;
    return tidy(() => {
      const values = this.#store.gather(chosen, { dtype });
      const shape =
        patchSize === 1 ? [1, 1, rows.length, channels] : [rows.length, patchSize, patchSize, channels];
      return values.reshape(shape).permute([0, 3, 1, 2]);
    });
  }

  /**
   * Chooses the rows of an image anew, for labels that have changed. The table is then what it would be if it had been
   * opened with these labels.
   *
   * @param labels the labels of the whole image, at its size
   * @throws {OperationError} when there is no such image, or the labels have another size
   */
  async replace(imageIndex: number, labels: LabelMap): Promise<void> {
    if (!(imageIndex >= 0 && imageIndex < this.#images.length)) {
      throw new OperationError(
        `FeatureTable.replace: expected an image from 0 to ${this.#images.length - 1}, received ${imageIndex}`,
      );
    }
    const rows = await this.#source.rowsOf(imageIndex, labels);
    this.set(imageIndex, rows);
  }

  /** @internal Takes the rows of an image in place of those that it had, and frees their features. */
  set(imageIndex: number, views: readonly ImageRows[]): void {
    const before = this.#images[imageIndex];
    if (before) this.#store.remove(before.slots);
    const slots = views.map(({ features }) => this.#store.add(features));
    for (const { features } of views) features.dispose();
    this.#images[imageIndex] = {
      slots: Int32Array.from(joined(slots)),
      labels: Uint8Array.from(joined(views.map(({ labels }) => labels))),
      places: Float32Array.from(joined(views.map(({ places }) => places))),
      multiplicities: Float32Array.from(joined(views.map(({ multiplicities }) => multiplicities))),
    };
    this.#columns = null;
  }

  /** Frees the rows and what makes them anew. */
  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }

  /** Returns the columns of all images, which are put together when they are asked for after a change. */
  get #all(): Columns {
    this.#columns ??= this.#composed();
    return this.#columns;
  }

  #composed(): Columns {
    const length = this.#images.reduce((sum, image) => sum + (image?.labels.length ?? 0), 0);
    const all: Columns = {
      labels: new Uint8Array(length),
      imageIndices: new Uint32Array(length),
      places: new Float32Array(2 * length),
      multiplicities: new Float32Array(length),
      slots: new Int32Array(length),
    };
    let start = 0;
    for (const [index, image] of this.#images.entries()) {
      if (image === null) continue;
      const end = start + image.labels.length;
      all.labels.set(image.labels, start);
      all.places.set(image.places, 2 * start);
      all.multiplicities.set(image.multiplicities, start);
      all.slots.set(image.slots, start);
      all.imageIndices.fill(index, start, end);
      // The image's own arrays become parts of the common ones, so that they are in memory once.
      this.#images[index] = {
        labels: all.labels.subarray(start, end),
        places: all.places.subarray(2 * start, 2 * end),
        multiplicities: all.multiplicities.subarray(start, end),
        slots: all.slots.subarray(start, end),
      };
      start = end;
    }
    return all;
  }
}

function joined<T extends Uint8Array | Float32Array | Int32Array>(parts: readonly T[]): number[] | T {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  return parts.flatMap((part) => Array.from(part));
}
