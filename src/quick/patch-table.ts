/** Holds patches of features of a dataset in memory, from which each step draws some for losses of unlabeled pixels. */

import { RandomStream, type SegmentationDataset, type Share } from '../data/index.js';
import { wholeShare } from '../data/internal.js';
import type { SampleOrigin } from '../reweighting/index.js';
import { type Device, scope, tensorFrom } from '../torch/index.js';
import type { StepBatch } from '../training/index.js';
import { type ImagePatches, patchesOf } from './image-patches.js';
import { type FeatureTableOptions, openSource } from './open-feature-table.js';
import { RowStore } from './row-store.js';

/** Configures `openPatchTable`. */
export interface PatchTableOptions extends Omit<FeatureTableOptions, 'dataset'> {
  readonly dataset: SegmentationDataset;
  /** Counts the cells of a patch in each direction, an odd number. */
  readonly size: number;
  /** Counts the cells around a patch that the convolutions of the head see. */
  readonly margin: number;
  /** Counts the patches over all images and views. */
  readonly pool: number;
}

/** Configures a draw of patches. */
export interface PatchDraw {
  readonly seed: number;
  /** Counts the patches of a batch over all processes. */
  readonly count: number;
  readonly share?: Share;
}

/** Is the number of pixels between the centers of neighboring cells, in the image as the network sees it. */
const cellSize = 4;

/** Separates these draws from others of the same seed. */
const purpose = 0x70706f6c;

/** Holds patches by index, ordered by image. `openPatchTable` makes one. */
export class PatchTable implements Disposable {
  readonly channels: number;
  readonly size: number;
  readonly margin: number;
  readonly #store: RowStore;
  readonly #slots: number[] = [];
  readonly #labels: Uint8Array[] = [];
  readonly #colors: Uint8Array[] = [];
  readonly #origins: SampleOrigin[] = [];

  constructor({
    channels,
    size,
    margin,
    capacity,
  }: Pick<PatchTableOptions, 'size' | 'margin'> & { readonly channels: number; readonly capacity: number }) {
    this.channels = channels;
    this.size = size;
    this.margin = margin;
    this.#store = new RowStore(channels * (size + 2 * margin) ** 2, { capacity });
  }

  /** Counts the patches. */
  get length(): number {
    return this.#slots.length;
  }

  /** Says which part of which image each patch shows. */
  get origins(): readonly SampleOrigin[] {
    return this.#origins;
  }

  /** Takes patches, and frees their features. */
  add({ features, labels, colors, origins }: ImagePatches): void {
    this.#slots.push(...this.#store.add(features));
    features.dispose();
    const cells = this.size ** 2;
    for (const [place, origin] of origins.entries()) {
      this.#labels.push(labels.subarray(place * cells, (place + 1) * cells));
      this.#colors.push(colors.subarray(3 * place * cells, 3 * (place + 1) * cells));
      this.#origins.push(origin);
    }
  }

  /** Returns this process's patches of the batch of a step, a function of seed and step alone. */
  draw(step: number, { seed, count, share = wholeShare }: PatchDraw): Uint32Array {
    const random = new RandomStream(seed, [purpose, step]);
    const drawn = Uint32Array.from({ length: count }, () => random.integer(this.length));
    const own = count / share.worldSize;
    return drawn.subarray(share.rank * own, (share.rank + 1) * own);
  }

  /** Returns patches as a batch, which the caller disposes. */
  batch(
    patches: Uint32Array,
    { device, dtype }: { readonly device: Device; readonly dtype: 'float32' | 'bfloat16' },
  ): StepBatch {
    using work = scope();
    const { channels, size, margin } = this;
    const side = size + 2 * margin;
    const count = patches.length;
    const slots = Int32Array.from(patches, (patch) => this.#slots[patch] as number);
    const features = this.#store.gather(slots, { dtype }).reshape([count, side, side, channels]);
    const labels = joined(patches, this.#labels);
    const colors = joined(patches, this.#colors);
    return {
      imagesNCHW: work.keep(features.permute([0, 3, 1, 2]).to({ device })),
      labelsNHW: work.keep(
        tensorFrom(labels, { dtype: 'uint8', shape: [count, size, size] }).to({ dtype: 'int64', device }),
      ),
      colorsN3HW: work.keep(
        tensorFrom(colors, { dtype: 'uint8', shape: [count, 3, size, size] })
          .to({ dtype: 'float32', device })
          .div(255),
      ),
      origins: Array.from(patches, (patch) => this.#origins[patch] as SampleOrigin),
      cellSize,
    };
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }
}

/**
 * Returns the patches of a dataset, spread over its images and views; the caller disposes them.
 *
 * @throws {DataError} naming the file when an image cannot be read
 */
export async function openPatchTable(options: PatchTableOptions): Promise<PatchTable> {
  const { dataset, size, margin, pool, seed, onProgress } = options;
  const { source, network } = await openSource(dataset, options);
  const table = new PatchTable({ channels: network.channels, size, margin, capacity: pool });
  try {
    const views = options.views?.length ?? 1;
    const total = dataset.length * views;
    const until = (place: number) => Math.floor((place * pool) / total);
    for (let index = 0; index < dataset.length; index++) {
      const counts = Array.from({ length: views }, (_, view) => {
        const place = index * views + view;
        return until(place + 1) - until(place);
      });
      if (counts.some((count) => count > 0)) {
        const made = await source.fromMaps(index, {
          wants: (view) => counts[view] !== 0,
          make: (given) => {
            const count = counts[given.viewIndex] as number;
            return patchesOf(given, { index, choice: { seed, count, size, margin } });
          },
        });
        for (const patches of made) table.add(patches);
      }
      onProgress?.({ done: index + 1, total: dataset.length, computed: source.computed });
    }
    source.saveHashes();
    return table;
  } catch (error) {
    table[Symbol.dispose]();
    throw error;
  } finally {
    source[Symbol.dispose]();
  }
}

function joined(patches: Uint32Array, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts[0]?.length ?? 0;
  const all = new Uint8Array(patches.length * length);
  for (const [place, patch] of patches.entries()) all.set(parts[patch] as Uint8Array, place * length);
  return all;
}
