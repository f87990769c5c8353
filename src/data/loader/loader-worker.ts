/** Runs in a worker thread of the loader and makes the samples it is asked for, one after the other. */

import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { CoarselyError } from '../../errors/index.js';
import { serializeError } from '../../errors/internal.js';
import type { ComponentSection } from '../../registry/index.js';
import { openDataset } from '../datasets/registry.js';
import type { LoaderReply, LoaderRequest, LoaderThreadData } from './loader-thread.js';
import { SampleProducer } from './sample-producer.js';

const port = parentPort;
if (port === null) throw new CoarselyError('loader-worker: runs as a worker thread of BatchLoader only');

const { dataset, files, modules, ...making } = workerData as LoaderThreadData;
// Samples already run in parallel.
sharp.concurrency(1);

const producer = open(dataset);
// A failure is reported with the first sample that is asked for.
producer.catch(() => undefined);

let last: Promise<void> = Promise.resolve();
let closed = false;
port.on('message', (request: LoaderRequest) => {
  if (request.type === 'close') {
    closed = true;
    port.close();
    return;
  }
  last = last.then(() => answer(request));
});

async function open(section: ComponentSection): Promise<SampleProducer> {
  for (const module of modules) await import(module);
  return new SampleProducer(await openDataset(section, { files }), making);
}

async function answer(request: Exclude<LoaderRequest, { type: 'close' }>): Promise<void> {
  if (closed) return;
  const reply = await replyTo(request);
  if (!closed) port?.postMessage(reply);
}

async function replyTo(request: Exclude<LoaderRequest, { type: 'close' }>): Promise<LoaderReply> {
  const { id } = request;
  try {
    const own = await producer;
    if (request.type === 'centroids') return { id, centroids: await own.centroids(request.task) };
    return { id, sample: await own.produce(request.task) };
  } catch (error) {
    return { id, error: serializeError(error) };
  }
}
