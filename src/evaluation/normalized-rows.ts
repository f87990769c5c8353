/** Turns rows of decoded images into the input of a network, so that an image need not be in memory as a whole. */

import {
  imageNetNormalization,
  type Normalization,
  normalizeImage,
  type RowRange,
  type Size,
} from '../data/index.js';
import type { OpenImage } from '../data/internal.js';
import { resizeBilinearRows, resizedFrom } from '../nn/internal.js';
import { cat, type Device, ops, type Tensor, tensorFrom, tidy } from '../torch/index.js';

/** Limits the pixels of an image that are normalized at once, unless the whole image is kept. */
const pixelsAtOnce = 2 ** 22;

/** Says how a pass shows the images to the network. */
export interface PassView {
  readonly size: Size;
  /** Is true for the mirror image, left to right. */
  readonly mirrored: boolean;
}

/** Gives the normalized pixels of images of one size, at any size. */
export class NormalizedRows {
  readonly size: Size;
  readonly #images: readonly OpenImage[];
  readonly #device: Device;
  readonly #normalization: Normalization;
  #whole: Tensor | null = null;

  constructor(
    images: readonly OpenImage[],
    {
      device = 'cpu',
      normalization = imageNetNormalization,
    }: { readonly device?: Device; readonly normalization?: Normalization },
  ) {
    const { width, height } = images[0] as OpenImage;
    this.size = { width, height };
    this.#images = images;
    this.#device = device;
    this.#normalization = normalization;
  }

  /** Normalizes the whole images once for all passes. The tensor belongs to the scope of the caller. */
  holdWhole(): void {
    this.#whole ??= this.#normalized({ first: 0, count: this.size.height });
  }

  /**
   * Returns rows of the images in a pass, resized with half-pixel centers.
   * @returns float32 [N, channels, count, width of the pass] on the device
   */
  rows({ size, mirrored }: PassView, rows: RowRange): Tensor {
    return tidy(() => {
      // Rows of a large image are made a few at a time, because a row takes ten times its bytes while it is made.
      const perRow = this.size.width * Math.max(1, this.size.height / size.height);
      const atOnce = this.#whole === null ? Math.max(1, Math.floor(pixelsAtOnce / perRow)) : rows.count;
      const parts: Tensor[] = [];
      for (let done = 0; done < rows.count; done += atOnce) {
        const part = { first: rows.first + done, count: Math.min(atOnce, rows.count - done) };
        parts.push(tidy(() => this.#resized({ size, mirrored }, part)));
      }
      return parts.length === 1 ? (parts[0] as Tensor) : cat(parts, 2);
    });
  }

  #resized({ size, mirrored }: PassView, rows: RowRange): Tensor {
    const { width, height } = this.size;
    const ownSize = size.width === width && size.height === height;
    const needed = ownSize ? rows : resizedFrom(rows, { inputHeight: height, height: size.height });
    const resized = resizeBilinearRows(this.#normalized(needed), {
      size: [size.height, size.width],
      rows,
      input: { first: needed.first, height },
    });
    return mirrored ? ops.flip(resized, [3]) : resized;
  }

  /** Returns rows at the images' own size, with the mean and deviation of training. */
  #normalized({ first, count }: RowRange): Tensor {
    if (this.#whole !== null) return this.#whole.narrow(2, first, count);
    const { width } = this.size;
    const size = { width, height: count, normalization: this.#normalization };
    const channels = this.#normalization.mean.length;
    const numbers = channels * width * count;
    const values = new Float32Array(this.#images.length * numbers);
    for (const [index, image] of this.#images.entries()) {
      values.set(normalizeImage(image.rows({ first, count }), size), index * numbers);
    }
    const shape = [this.#images.length, channels, count, width];
    const input = tensorFrom(values, { dtype: 'float32', shape });
    return input.to({ device: this.#device, memoryFormat: 'channels-last' });
  }
}
