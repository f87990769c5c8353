/**
 * Loads batches for training, decoded and augmented ahead of time by worker threads, in shared memory.
 *
 * The content of a batch depends on seed and step alone. A sample is always made by the same worker (its index modulo the
 * number of workers), so that the worker's cache of decoded images has it when it is asked for again.
 */

import { CoarselyError, ConfigError, DataError } from '../../errors/index.js';
import type { ComponentSection } from '../../registry/index.js';
import type { SampleWindow } from '../augment/augment-sample.js';
import type { Augmentation } from '../augment/augmentation.js';
import type { SegmentationDataset } from '../datasets/dataset.js';
import { openDataset } from '../datasets/registry.js';
import { imageNetNormalization, type Normalization } from '../images/normalization.js';
import { type CentroidFinder, createSampler, type Sampling } from './create-sampler.js';
import { LoaderThread } from './loader-thread.js';
import { type ProducedSample, SampleProducer, type SampleTask } from './sample-producer.js';
import type { BatchSampler } from './sampler.js';
import { placesOf, type Share, wholeShare } from './share.js';

/** Says which sample of the dataset an augmented sample was made from, and which part of its image it shows. */
export interface BatchOrigin extends SampleWindow {
  readonly index: number;
}

/** Holds a batch in shared memory. The arrays are valid until `release`, which gives the memory to a later batch. */
export interface Batch {
  readonly step: number;
  /** Holds normalized images [N, channels, H, W]. */
  readonly images: Float32Array;
  /** Holds class indices [N, H, W], and 255 for ignored pixels. */
  readonly labels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly names: readonly string[];
  readonly origins: readonly BatchOrigin[];
  /** Holds for each sample its pixels by label; null unless samples are balanced by class. */
  readonly classPixels: readonly Uint32Array[] | null;
  release(): void;
}

/** Configures a `BatchLoader`. */
export interface BatchLoaderOptions {
  /** Names the dataset, which every thread opens; without workers it may be an open dataset. */
  readonly dataset: ComponentSection | SegmentationDataset;
  readonly augmentation: Augmentation;
  /** Is ImageNet's by default; it has as many channels as the images of the dataset. */
  readonly normalization?: Normalization;
  /** Counts the samples in the whole batch of a step, whichever process loads them. */
  readonly batchSize: number;
  readonly seed: number;
  /**
   * Chooses images as they come (`uniform`, the default), or half of the crops around places of classes, each class equally
   * often (`classBalanced`).
   */
  readonly sampling?: Sampling;
  /** Selects the part of each batch to load where several processes divide it: batchSize / worldSize samples. */
  readonly share?: Share;
  /** Loads only this many samples, spread evenly over the dataset; null loads all. */
  readonly count?: number | null;
  /** Sets the number of worker threads; 0 makes every batch in the calling thread when it is asked for. */
  readonly workers?: number;
  /** Limits the memory for decoded samples over all workers, in MiB. */
  readonly cacheMiB?: number;
  /** Sets the number of batches that are made ahead of the requested one. */
  readonly prefetch?: number;
  /** Lists URLs of modules that register further kinds of dataset; every worker imports them. */
  readonly modules?: readonly string[];
  /** Receives lines about the search for classes when samples are balanced. */
  readonly onNotice?: (notice: string) => void;
}

type BatchMemory = Pick<Batch, 'images' | 'labels'>;

interface Producer extends CentroidFinder {
  produce(task: SampleTask): Promise<ProducedSample>;
}

interface Source {
  readonly dataset: SegmentationDataset;
  readonly sampler: BatchSampler;
  /** Maps a drawn sample to its index in the dataset. */
  readonly indexOf: (drawn: number) => number;
  readonly producers: readonly Producer[];
}

/** Loads batches by step, in any thread of the process. */
export class BatchLoader {
  readonly #options: Required<BatchLoaderOptions>;
  readonly #places: ReturnType<typeof placesOf>;
  readonly #free: BatchMemory[] = [];
  readonly #ahead = new Map<number, Promise<Batch>>();
  #threads: readonly LoaderThread[] = [];
  #source: Promise<Source> | null = null;
  #closed = false;

  /**
   * Checks the options; files are opened with the first batch.
   *
   * @throws {ConfigError} when the batch cannot be divided among the processes, and for an open dataset with workers
   */
  constructor({
    workers = 2,
    cacheMiB = 512,
    prefetch = 2,
    modules = [],
    count = null,
    share = wholeShare,
    normalization = imageNetNormalization,
    sampling = 'uniform',
    onNotice = () => undefined,
    ...given
  }: BatchLoaderOptions) {
    this.#places = placesOf(given.batchSize, share);
    if (workers > 0 && isOpen(given.dataset)) {
      throw new ConfigError(
        'BatchLoader: an open dataset cannot go to workers; pass its description or workers: 0',
      );
    }
    this.#options = {
      ...given,
      normalization,
      sampling,
      onNotice,
      workers,
      cacheMiB,
      prefetch,
      modules,
      count,
      share,
    };
  }

  /**
   * Returns the batch of `step`. Steps are expected in ascending order, from any first step on; another order works too, but
   * batches that were made ahead are then discarded.
   *
   * @throws {DataError} for the first sample of the batch that cannot be used, naming the file, and for an empty dataset
   * @throws {ConfigError} when `count` is larger than the dataset, or its images have other channels than the normalization
   * @throws {EngineError} when there is no engine, which augments the samples
   */
  async next(step: number): Promise<Batch> {
    this.#source ??= this.#open();
    const source = await this.#source;
    this.#rejectIfClosed();
    const last = this.#options.workers > 0 ? step + this.#options.prefetch : step;
    for (const [ahead, batch] of this.#ahead) {
      if (ahead >= step && ahead <= last) continue;
      this.#ahead.delete(ahead);
      void batch.then(
        (unused) => unused.release(),
        () => undefined,
      );
    }
    for (let ahead = step; ahead <= last; ahead++) {
      if (this.#ahead.has(ahead)) continue;
      const batch = this.#make(ahead, source);
      // A batch may fail before it is asked for.
      batch.catch(() => undefined);
      this.#ahead.set(ahead, batch);
    }
    const wanted = this.#ahead.get(step);
    this.#ahead.delete(step);
    if (wanted === undefined) throw new CoarselyError(`BatchLoader: no batch for step ${step}`);
    return wanted;
  }

  /** Ends the workers. Returned batches stay valid; a `next` that still waits rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    // Threads may still be starting.
    await this.#source?.catch(() => undefined);
    await Promise.all(this.#threads.map((thread) => thread.close()));
    this.#threads = [];
    this.#ahead.clear();
  }

  async #open(): Promise<Source> {
    const {
      dataset: given,
      augmentation,
      normalization,
      batchSize,
      seed,
      workers,
      cacheMiB,
      modules,
      count,
      sampling,
      onNotice,
    } = this.#options;
    const cacheBytes = (cacheMiB * 2 ** 20) / Math.max(workers, 1);
    let dataset: SegmentationDataset;
    if (isOpen(given)) {
      dataset = given;
    } else {
      for (const module of modules) await import(module);
      dataset = await openDataset(given);
    }
    this.#rejectIfClosed();
    if (dataset.length === 0) throw new DataError('BatchLoader: the dataset is empty');
    const length = count ?? dataset.length;
    if (length > dataset.length) {
      throw new ConfigError(
        `BatchLoader: expected a count of at most ${dataset.length}, as many as the dataset has, received ${length}`,
      );
    }
    const { channels = 3 } = dataset;
    if (channels !== normalization.mean.length) {
      throw new ConfigError(
        `BatchLoader: the normalization has ${normalization.mean.length} channels, the images of the dataset have ${channels}`,
      );
    }
    const indexOf = (drawn: number): number => Math.floor((drawn * dataset.length) / length);
    const making = { augmentation, normalization, seed, cacheBytes };
    let producers: readonly Producer[];
    if (workers === 0 || isOpen(given)) {
      producers = [new SampleProducer(dataset, making)];
    } else {
      const data = { dataset: given, files: dataset.files, modules, ...making };
      this.#threads = Array.from({ length: workers }, () => new LoaderThread(data));
      producers = this.#threads;
    }
    const [height, width] = augmentation.cropSize;
    const sampler = await createSampler(dataset, {
      ...{ sampling, length, indexOf, batchSize, seed, onNotice },
      section: isOpen(given) ? null : given,
      tile: { width, height },
      finders: producers,
    });
    return { dataset, sampler, indexOf, producers };
  }

  async #make(step: number, { dataset, sampler, indexOf, producers }: Source): Promise<Batch> {
    const [height, width] = this.#options.augmentation.cropSize;
    const { first, count } = this.#places;
    const channels = this.#options.normalization.mean.length;
    const pixels = height * width;
    const memory = this.#free.pop() ?? allocate(count * pixels, channels);
    const samples = sampler
      .batch(step)
      .slice(first, first + count)
      .map((drawn) => ({ ...drawn, index: indexOf(drawn.index) }));
    const countClasses = this.#options.sampling !== 'uniform';
    const results = await Promise.allSettled(
      samples.map(async (drawn, place) => {
        const { index } = drawn;
        const producer = producers[index % producers.length] as Producer;
        const output = {
          image: memory.images.subarray(channels * place * pixels, channels * (place + 1) * pixels),
          labels: memory.labels.subarray(place * pixels, (place + 1) * pixels),
        };
        return { index, ...(await producer.produce({ ...drawn, output, countClasses })) };
      }),
    );
    const origins: BatchOrigin[] = [];
    const classPixels: Uint32Array[] = [];
    for (const result of results) {
      if (result.status === 'rejected') {
        this.#free.push(memory);
        throw result.reason;
      }
      const { index, window, classPixels: pixels } = result.value;
      origins.push({ index, ...window });
      if (pixels) classPixels.push(pixels);
    }
    let released = false;
    return {
      step,
      ...memory,
      height,
      width,
      names: samples.map(({ index }) => dataset.name(index)),
      origins,
      classPixels: countClasses ? classPixels : null,
      release: () => {
        if (!released) this.#free.push(memory);
        released = true;
      },
    };
  }

  #rejectIfClosed(): void {
    if (this.#closed) throw new CoarselyError('BatchLoader: the loader was closed');
  }
}

function isOpen(dataset: ComponentSection | SegmentationDataset): dataset is SegmentationDataset {
  return typeof dataset.read === 'function';
}

function allocate(pixels: number, channels: number): BatchMemory {
  return {
    images: new Float32Array(new SharedArrayBuffer(channels * 4 * pixels)),
    labels: new Uint8Array(new SharedArrayBuffer(pixels)),
  };
}
