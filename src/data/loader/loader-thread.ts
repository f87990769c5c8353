/** Controls a worker thread that makes samples. */

import { Worker } from 'node:worker_threads';
import { CoarselyError } from '../../errors/index.js';
import { deserializeError, type SerializedError } from '../../errors/internal.js';
import type { ComponentSection } from '../../registry/index.js';
import type { Augmentation } from '../augment/augmentation.js';
import type { SharedFiles } from '../files/pair-table.js';
import type { Normalization } from '../images/normalization.js';
import type { MapCentroids } from './centroids.js';
import type { CentroidTask, ProducedSample, SampleTask } from './sample-producer.js';

/** Holds what a worker thread is started with. */
export interface LoaderThreadData {
  readonly dataset: ComponentSection;
  /** Holds the files of the dataset, which are listed once for all threads. */
  readonly files: SharedFiles | undefined;
  /** Lists URLs of modules that register further kinds of dataset. */
  readonly modules: readonly string[];
  readonly augmentation: Augmentation;
  readonly normalization: Normalization;
  readonly seed: number;
  readonly cacheBytes: number;
}

/** Describes a message to the worker. */
export type LoaderRequest =
  | { readonly type: 'produce'; readonly id: number; readonly task: SampleTask }
  | { readonly type: 'centroids'; readonly id: number; readonly task: CentroidTask }
  | { readonly type: 'close' };

/** Describes a message from the worker: what was asked for, or why there is none. */
export type LoaderReply =
  | { readonly id: number; readonly sample: ProducedSample }
  | { readonly id: number; readonly centroids: MapCentroids }
  | { readonly id: number; readonly error: SerializedError };

/** Is a reply that is not an error. */
type LoaderAnswer = Exclude<LoaderReply, { readonly error: SerializedError }>;

interface Waiting {
  readonly resolve: (reply: LoaderAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Limits how long a worker may take to end by itself, so that its thread does not end in the middle of decoding. */
const closingMilliseconds = 2000;

/** Sends tasks to a worker thread and settles their promises. */
export class LoaderThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 0;
  #ended: Error | null = null;

  constructor(data: LoaderThreadData) {
    this.#worker = new Worker(new URL('./loader-worker.js', import.meta.url), {
      workerData: data,
      name: 'coarsely data',
    });
    this.#worker.on('message', (reply: LoaderReply) => this.#settle(reply));
    this.#worker.on('error', (cause) => {
      this.#end(new CoarselyError(`a data worker stopped: ${cause.message}`, { cause }));
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#end(new CoarselyError(`a data worker stopped with exit code ${code} before its work was done`));
        resolve();
      });
    });
    // A loader that was never closed must not keep the process alive while it is idle.
    this.#worker.unref();
  }

  /** Resolves when the sample is written; rejects when it cannot be made, or when the worker has ended. */
  async produce(task: SampleTask): Promise<ProducedSample> {
    const reply = await this.#ask((id) => ({ type: 'produce', id, task }));
    if (!('sample' in reply)) throw new CoarselyError('a data worker answered another question');
    return reply.sample;
  }

  /** Resolves to the centers of the classes of a sample; rejects when its labels cannot be read. */
  async centroids(task: CentroidTask): Promise<MapCentroids> {
    const reply = await this.#ask((id) => ({ type: 'centroids', id, task }));
    if (!('centroids' in reply)) throw new CoarselyError('a data worker answered another question');
    return reply.centroids;
  }

  #ask(request: (id: number) => LoaderRequest): Promise<LoaderAnswer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(request(id));
    });
  }

  /** Ends the worker after the sample it is making; waiting tasks are rejected. */
  async close(): Promise<void> {
    this.#end(new CoarselyError('the loader was closed'));
    this.#worker.ref();
    this.#worker.postMessage({ type: 'close' } satisfies LoaderRequest);
    const timer = setTimeout(() => void this.#worker.terminate(), closingMilliseconds);
    await this.#exited;
    clearTimeout(timer);
  }

  #settle(reply: LoaderReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0 && this.#ended === null) this.#worker.unref();
    if ('error' in reply) waiting?.reject(deserializeError(reply.error));
    else waiting?.resolve(reply);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
