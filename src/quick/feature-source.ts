/**
 * Gives the features of a dataset's images: from the files of an earlier run where they fit, and else by the network, whose
 * results are kept. An image is known by its bytes, so that a replaced file is never mistaken for the one before.
 */

import type { LabelMap, Sample, SegmentationDataset, Size } from '../data/index.js';
import type { OpenImage } from '../data/internal.js';
import { imagePairs } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { openInMemory } from '../evaluation/internal.js';
import { scope, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import { type ContentHashes, contentHash } from './content-hashes.js';
import type { CacheEntry, FeatureCache } from './feature-cache.js';
import type { FeatureNetwork } from './feature-network.js';
import { type FeatureView, plainView, viewName } from './feature-view.js';
import { chooseImagePixels, type ImageRows, type RowChoice, rowsOfImage } from './image-rows.js';

/** Holds what a `FeatureSource` works with; network and cache are freed with it. */
export interface FeatureSourceParts {
  readonly dataset: SegmentationDataset;
  readonly network: FeatureNetwork;
  readonly cache: FeatureCache;
  readonly hashes: ContentHashes;
  readonly views: readonly FeatureView[];
  readonly choice: RowChoice;
  /** Names what is kept on disk. */
  readonly kept: 'maps' | 'rows';
  /**
   * Says what the labels of an image depend on beside the bytes of their file; null where that is not known, so that label
   * files are always decoded.
   */
  readonly labelContext: string | null;
}

/** Holds an image that was read, as far as its features are not kept. */
export interface PreparedImage {
  readonly index: number;
  /** Identifies the image by its content. */
  readonly hash: string;
  /** Is null where the features are kept, so that it was not decoded. */
  readonly image: OpenImage | null;
  /** Is null where the rows are kept, so that the labels were not decoded. */
  readonly labels: LabelMap | null;
  /** Identifies the labels by their content; null where that is not known. */
  readonly labelHash: string | null;
}

/** Holds the features of an image at their own strides, with the size of the image. */
export interface ImageMaps {
  /** Holds a float16 map [1, channels, h, w] for each tap. */
  readonly tensors: Tensor[];
  readonly size: Size;
}

/** Holds the maps of an image in a view. */
export interface ViewMaps {
  /** Holds float16 maps [1, channels, h, w], one for each tap. */
  readonly maps: readonly Tensor[];
  readonly view: FeatureView;
  readonly viewIndex: number;
  readonly sample: Sample;
}

/** Gives the rows of images. */
export class FeatureSource implements Disposable {
  readonly #parts: FeatureSourceParts;
  readonly #files: ReturnType<typeof imagePairs>;
  /** Counts the passes of the network. */
  computed = 0;

  constructor(parts: FeatureSourceParts) {
    this.#parts = parts;
    this.#files = imagePairs(parts.dataset.files);
  }

  /**
   * Reads what is needed of an image to make its rows.
   *
   * @throws {DataError} naming the file when it cannot be used, and when it has no labels
   */
  async prepare(index: number): Promise<PreparedImage> {
    const { dataset, hashes, kept, labelContext } = this.#parts;
    const files = this.#files?.get(index);
    const hash = files === undefined ? null : await hashes.of(files.image);
    const ofLabels = files?.labels && labelContext !== null ? await hashes.of(files.labels) : null;
    const labelHash = ofLabels === null ? null : contentHash(ofLabels, labelContext ?? '').slice(0, 16);
    const known = { index, labelHash };
    if (hash !== null && kept === 'rows' && this.#isKept((view) => rowsKey({ hash, labelHash }, view))) {
      return { ...known, hash, image: null, labels: null };
    }
    if (hash !== null && kept === 'maps' && this.#isKept((view) => mapsKey(hash, view))) {
      const labels = await dataset.readLabels?.(index);
      if (labels) return { ...known, hash, image: null, labels };
    }
    return { ...known, ...(await this.#read(index)), ...(hash !== null && { hash }) };
  }

  /** Makes sure that what is kept of a prepared image lies in the common folder. */
  async keep(prepared: PreparedImage): Promise<void> {
    if (prepared.image === null) return;
    for (const { features } of await this.rows(prepared)) features.dispose();
  }

  /** Returns the rows of a prepared image in all views; the caller disposes their features. */
  async rows(prepared: PreparedImage): Promise<ImageRows[]> {
    const { views, kept, cache } = this.#parts;
    const all: ImageRows[] = [];
    try {
      for (const view of views) {
        const key = kept === 'rows' ? rowsKey(prepared, view) : null;
        const entry = key === null ? null : cache.read(key);
        if (entry !== null) {
          all.push(rowsOfEntry(entry));
          continue;
        }
        const rows = await this.#makeRows(prepared, view);
        all.push(rows);
        if (key !== null) writeRows(cache, key, rows);
      }
    } catch (error) {
      for (const { features } of all) features.dispose();
      throw error;
    }
    return all;
  }

  /** Returns the rows of an image with other labels than its own; the caller disposes their features. */
  async rowsOf(index: number, labels: LabelMap): Promise<ImageRows[]> {
    const { hashes, views } = this.#parts;
    const files = this.#files?.get(index);
    const hash = files === undefined ? null : await hashes.of(files.image);
    const isKept = hash !== null && this.#isKept((view) => mapsKey(hash, view));
    const read = isKept ? { hash, image: null } : await this.#readImage(index);
    const prepared = { index, ...read, ...(hash !== null && { hash }), labels, labelHash: null };
    const all: ImageRows[] = [];
    try {
      for (const view of views) all.push(await this.#makeRows(prepared, view));
    } catch (error) {
      for (const { features } of all) features.dispose();
      throw error;
    }
    return all;
  }

  /**
   * Returns the maps of an image as it is, kept or computed; the caller disposes them.
   *
   * @throws {DataError} naming the file when it cannot be read
   */
  async mapsOf(index: number): Promise<ImageMaps> {
    const files = this.#files?.get(index);
    const hash = files === undefined ? null : await this.#parts.hashes.of(files.image);
    const known = hash === null ? await this.#readImage(index) : { hash, image: null };
    return this.#maps({ index, ...known }, plainView);
  }

  /** Returns what `make` makes of the maps of an image in each wanted view; the maps are freed after each call. */
  async fromMaps<Made>(
    index: number,
    {
      wants,
      make,
    }: { readonly wants: (viewIndex: number) => boolean; readonly make: (given: ViewMaps) => Made },
  ): Promise<Made[]> {
    const { dataset, hashes, views } = this.#parts;
    const files = this.#files?.get(index);
    const sample = await dataset.read(index);
    const hash = (files === undefined ? null : await hashes.of(files.image)) ?? pixelHash(sample);
    const prepared = { index, hash, image: openInMemory(sample), labels: null, labelHash: null };
    const made: Made[] = [];
    for (const [viewIndex, view] of views.entries()) {
      if (!wants(viewIndex)) continue;
      const { tensors } = await this.#maps(prepared, view);
      try {
        made.push(make({ maps: tensors, view, viewIndex, sample }));
      } finally {
        for (const tensor of tensors) tensor.dispose();
      }
    }
    return made;
  }

  /** Keeps the hashes of the files that were read. */
  saveHashes(): void {
    this.#parts.hashes.save();
  }

  [Symbol.dispose](): void {
    this.#parts.network[Symbol.dispose]();
  }

  #isKept(keyOf: (view: FeatureView) => string | null): boolean {
    const { views, cache } = this.#parts;
    return views.every((view) => {
      const key = keyOf(view);
      return key !== null && cache.has(key);
    });
  }

  async #makeRows(prepared: PreparedImage, view: FeatureView): Promise<ImageRows> {
    const { choice, views, dataset } = this.#parts;
    const { index } = prepared;
    const labels = prepared.labels ?? (await this.#read(index)).labels;
    const { tensors, size } = await this.#maps(prepared, view);
    try {
      if (labels.width !== size.width || labels.height !== size.height) {
        throw new DataError(
          `${dataset.name(index)}: the image has ${size.width}×${size.height} pixels, its labels have ` +
            `${labels.width}×${labels.height}; expected equal sizes`,
        );
      }
      const chosen = chooseImagePixels(labels, {
        choice,
        imageIndex: index,
        viewIndex: views.indexOf(view),
      });
      using work = scope();
      const rows = rowsOfImage(tensors, { chosen, size, view, choice });
      work.keep(rows.features);
      return rows;
    } finally {
      for (const tensor of tensors) tensor.dispose();
    }
  }

  /** Returns the maps of an image in a view, kept or computed; the caller disposes them. */
  async #maps(
    { index, hash, image: decoded }: Pick<PreparedImage, 'index' | 'hash' | 'image'>,
    view: FeatureView,
  ): Promise<ImageMaps> {
    const { cache, network, kept } = this.#parts;
    const { taps } = network.reading;
    const key = mapsKey(hash, view);
    const entry = cache.read(key);
    if (entry !== null) {
      const size = { width: Number(entry.metadata.width), height: Number(entry.metadata.height) };
      return { tensors: mapsOfEntry(entry, taps), size };
    }
    const image = decoded ?? (await this.#readImage(index)).image;
    this.computed++;
    using work = scope();
    const tensors = network.maps(image, view);
    for (const tensor of tensors) work.keep(tensor);
    const { width, height } = image;
    if (kept === 'maps') writeMaps(cache, key, { taps, tensors, size: { width, height } });
    return { tensors, size: { width, height } };
  }

  async #read(
    index: number,
  ): Promise<{ readonly hash: string; readonly image: OpenImage; readonly labels: LabelMap }> {
    const { dataset } = this.#parts;
    const sample = await dataset.read(index);
    const { name, width, height, labels } = sample;
    if (labels === null) throw new DataError(`${name}: has no labels, and cannot be trained on`);
    return { hash: pixelHash(sample), image: openInMemory(sample), labels: { width, height, labels } };
  }

  /** Reads an image whose labels do not matter. */
  async #readImage(index: number): Promise<{ readonly hash: string; readonly image: OpenImage }> {
    const sample = await this.#parts.dataset.read(index);
    return { hash: pixelHash(sample), image: openInMemory(sample) };
  }
}

function pixelHash({ image, width, height }: Size & { readonly image: Uint8Array }): string {
  return contentHash(image, `${width}×${height}`);
}

function mapsKey(hash: string, view: FeatureView): string {
  return `${hash}-${viewName(view)}`;
}

function rowsKey(
  { hash, labelHash }: Pick<PreparedImage, 'hash' | 'labelHash'>,
  view: FeatureView,
): string | null {
  return labelHash === null ? null : `${mapsKey(hash, view)}-${labelHash}`;
}

function writeMaps(
  cache: FeatureCache,
  key: string,
  {
    taps,
    tensors,
    size,
  }: { readonly taps: readonly string[]; readonly tensors: readonly Tensor[]; readonly size: Size },
): void {
  tidy(() => {
    // [h, w, channels], as the maps lie in memory.
    const stored = tensors.map(
      (map, place) => [taps[place] as string, map.squeeze(0).permute([1, 2, 0])] as const,
    );
    const metadata = { width: String(size.width), height: String(size.height) };
    cache.write(key, { tensors: new Map(stored), metadata });
  });
}

/** Turns [h, w, channels] back into maps [1, channels, h, w], and frees the entry. */
function mapsOfEntry({ tensors }: CacheEntry, taps: readonly string[]): Tensor[] {
  using work = scope();
  const maps = taps.map((tap) => work.keep((tensors.get(tap) as Tensor).permute([2, 0, 1]).unsqueeze(0)));
  for (const tensor of tensors.values()) tensor.dispose();
  return maps;
}

function writeRows(
  cache: FeatureCache,
  key: string,
  { features, labels, places, multiplicities }: ImageRows,
): void {
  tidy(() => {
    const shape = [labels.length];
    const tensors = new Map([
      ['features', features],
      ['labels', tensorFrom(labels, { dtype: 'uint8', shape })],
      ['places', tensorFrom(places, { dtype: 'float32', shape: [labels.length, 2] })],
      ['multiplicities', tensorFrom(multiplicities, { dtype: 'float32', shape })],
    ]);
    cache.write(key, { tensors, metadata: {} });
  });
}

function rowsOfEntry({ tensors }: CacheEntry): ImageRows {
  const [features, ...others] = ['features', 'labels', 'places', 'multiplicities'].map(
    (name) => tensors.get(name) as Tensor,
  ) as [Tensor, Tensor, Tensor, Tensor];
  const [labels, places, multiplicities] = others.map((tensor) => tensor.toTypedArray());
  for (const tensor of others) tensor.dispose();
  return {
    features,
    labels: labels as Uint8Array,
    places: places as Float32Array,
    multiplicities: multiplicities as Float32Array,
  };
}
