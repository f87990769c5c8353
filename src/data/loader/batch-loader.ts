/**
 * Batches for training, decoded and augmented ahead by worker threads, in shared memory.
 *
 * What a batch holds depends on seed and step alone. A sample is always made by the same worker (its index modulo the
 * number of workers), so that each worker's cache of decoded images serves the samples it will be asked for again.
 */

import { CoarselyError, ConfigError, DataError } from '../../errors/index.js';
import type { SampleWindow } from '../augment/augment-sample.js';
import type { Augmentation } from '../augment/augmentation.js';
import type { DatasetDescription, SegmentationDataset } from '../datasets/dataset.js';
import { openDataset } from '../datasets/registry.js';
import { LoaderThread } from './loader-thread.js';
import { type BatchMemory, SampleProducer, type SampleTask } from './sample-producer.js';
import { Sampler } from './sampler.js';
import { placesOf, type Share, wholeShare } from './share.js';

/** Which sample of the dataset, and which part of its image. */
export interface BatchOrigin extends SampleWindow {
  readonly index: number;
}

/** A batch in shared memory. The arrays are valid until `release`, which gives the memory to a later batch. */
export interface Batch {
  readonly step: number;
  /** [N, 3, H, W], normalized. */
  readonly images: Float32Array;
  /** [N, H, W], class indices and 255. */
  readonly labels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly names: readonly string[];
  readonly origins: readonly BatchOrigin[];
  release(): void;
}

export interface BatchLoaderOptions {
  /** What to load: a description, which every thread opens, or, without workers, an open dataset. */
  readonly dataset: DatasetDescription | SegmentationDataset;
  readonly augmentation: Augmentation;
  /** Samples in the whole batch of a step, whoever loads them. */
  readonly batchSize: number;
  readonly seed: number;
  /** The part of each batch to load where several processes divide it; its size is batchSize / worldSize. */
  readonly share?: Share;
  /** Loads only this many samples, spread evenly over the dataset; null loads all. */
  readonly count?: number | null;
  /** Number of worker threads; 0 makes every batch in the calling thread when it is asked for. */
  readonly workers?: number;
  /** Memory for decoded samples over all workers, in MiB. */
  readonly cacheMiB?: number;
  /** Number of batches made ahead of the one that is asked for. */
  readonly prefetch?: number;
  /** URLs of modules that register further kinds of dataset; every worker imports them. */
  readonly modules?: readonly string[];
}

interface Producer {
  produce(task: SampleTask): Promise<SampleWindow>;
}

interface Source {
  readonly dataset: SegmentationDataset;
  readonly sampler: Sampler;
  /** The dataset's index of a sample that was drawn. */
  readonly indexOf: (drawn: number) => number;
  readonly producers: readonly Producer[];
}

/** Loads batches by step; usable from any thread, worker threads included. */
export class BatchLoader {
  readonly #options: Required<BatchLoaderOptions>;
  readonly #places: ReturnType<typeof placesOf>;
  readonly #free: BatchMemory[] = [];
  readonly #ahead = new Map<number, Promise<Batch>>();
  #threads: readonly LoaderThread[] = [];
  #source: Promise<Source> | null = null;
  #closed = false;

  /** Throws a ConfigError for options that do not fit together; files are opened with the first batch. */
  constructor({
    workers = 2,
    cacheMiB = 512,
    prefetch = 2,
    modules = [],
    count = null,
    share = wholeShare,
    ...given
  }: BatchLoaderOptions) {
    this.#places = placesOf(given.batchSize, share);
    if (workers > 0 && isOpen(given.dataset)) {
      throw new ConfigError(
        'BatchLoader: an open dataset cannot go to workers; pass its description or workers: 0',
      );
    }
    this.#options = { ...given, workers, cacheMiB, prefetch, modules, count, share };
  }

  /**
   * The batch of `step`. Steps are expected in ascending order, from any first step; another order works, but what was
   * made ahead is then thrown away. Rejects with the error of the first sample in the batch that cannot be made.
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
      // It may fail before anybody asks for it.
      batch.catch(() => undefined);
      this.#ahead.set(ahead, batch);
    }
    const wanted = this.#ahead.get(step);
    this.#ahead.delete(step);
    if (wanted === undefined) throw new CoarselyError(`BatchLoader: no batch for step ${step}`);
    return wanted;
  }

  /** Ends the workers. Batches handed out stay valid; a `next` that still waits rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    // Opening may still be starting threads.
    await this.#source?.catch(() => undefined);
    await Promise.all(this.#threads.map((thread) => thread.close()));
    this.#threads = [];
    this.#ahead.clear();
  }

  async #open(): Promise<Source> {
    const {
      dataset: given,
      augmentation,
      batchSize,
      seed,
      workers,
      cacheMiB,
      modules,
      count,
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
    const sampler = new Sampler({ length, batchSize, seed });
    const indexOf = (drawn: number): number => Math.floor((drawn * dataset.length) / length);
    if (workers === 0 || isOpen(given)) {
      return {
        dataset,
        sampler,
        indexOf,
        producers: [new SampleProducer(dataset, { augmentation, seed, cacheBytes })],
      };
    }
    const data = { dataset: given, files: dataset.files, modules, augmentation, seed, cacheBytes };
    this.#threads = Array.from({ length: workers }, () => new LoaderThread(data));
    return { dataset, sampler, indexOf, producers: this.#threads };
  }

  async #make(step: number, { dataset, sampler, indexOf, producers }: Source): Promise<Batch> {
    const [height, width] = this.#options.augmentation.cropSize;
    const { first, count } = this.#places;
    const memory = this.#free.pop() ?? allocate(count * height * width);
    const samples = sampler
      .batch(step)
      .slice(first, first + count)
      .map(({ epoch, index }) => ({ epoch, index: indexOf(index) }));
    const results = await Promise.allSettled(
      samples.map(async ({ epoch, index }, place) => {
        const producer = producers[index % producers.length] as Producer;
        return { index, ...(await producer.produce({ memory, place, epoch, index })) };
      }),
    );
    const origins: BatchOrigin[] = [];
    for (const result of results) {
      if (result.status === 'rejected') {
        this.#free.push(memory);
        throw result.reason;
      }
      origins.push(result.value);
    }
    let released = false;
    return {
      step,
      images: new Float32Array(memory.images),
      labels: new Uint8Array(memory.labels),
      height,
      width,
      names: samples.map(({ index }) => dataset.name(index)),
      origins,
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

function isOpen(dataset: DatasetDescription | SegmentationDataset): dataset is SegmentationDataset {
  return typeof dataset.read === 'function';
}

function allocate(pixels: number): BatchMemory {
  return { images: new SharedArrayBuffer(3 * 4 * pixels), labels: new SharedArrayBuffer(pixels) };
}
