/** Controls a worker thread that makes samples. */

import { Worker } from 'node:worker_threads';
import { CoarselyError } from '../../errors/index.js';
import { deserializeError, type SerializedError } from '../../errors/internal.js';
import type { ComponentSection } from '../../registry/index.js';
import type { SampleWindow } from '../augment/augment-sample.js';
import type { Augmentation } from '../augment/augmentation.js';
import type { SharedFiles } from '../files/pair-table.js';
import type { Normalization } from '../images/normalization.js';
import type { SampleTask } from './sample-producer.js';

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
  | { readonly type: 'close' };

/** Describes a message from the worker: the part of the image that the sample shows, or why there is no sample. */
export type LoaderReply =
  | { readonly id: number; readonly window: SampleWindow }
  | { readonly id: number; readonly error: SerializedError };

interface Waiting {
  readonly resolve: (window: SampleWindow) => void;
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
  produce(task: SampleTask): Promise<SampleWindow> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ type: 'produce', id, task } satisfies LoaderRequest);
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
    if ('window' in reply) waiting?.resolve(reply.window);
    else waiting?.reject(deserializeError(reply.error));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
