/** Reads what the process holds at a moment: memory by several accounts, tensors, file descriptors and threads. */

import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { liveTensorCount, memory } from 'coarsely/torch';

export interface Gauges {
  readonly residentMiB: number;
  readonly liveTensors: number;
  readonly liveBytes: number;
  readonly cachedMiB: number;
  readonly heapMiB: number;
  readonly externalMiB: number;
  readonly arrayBuffersMiB: number;
  readonly openFiles: number;
  readonly threads: number;
  /** Worker threads of Node that have not ended. */
  readonly workers: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let workers = 0;
process.on('worker', (worker) => {
  workers += 1;
  worker.once('exit', () => {
    workers -= 1;
  });
});

/** Collects JavaScript's garbage first, which would hide any leak of native memory. */
export async function readGauges(): Promise<Gauges> {
  collectGarbage();
  // Finalizers and the ends of threads run in the next turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 20));
  collectGarbage();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { liveBytes, cachedBytes } = memory();
  return {
    residentMiB: mebibytes(rss),
    liveTensors: liveTensorCount(),
    liveBytes,
    cachedMiB: mebibytes(cachedBytes),
    heapMiB: mebibytes(heapUsed),
    externalMiB: mebibytes(external),
    arrayBuffersMiB: mebibytes(arrayBuffers),
    openFiles: readdirSync('/proc/self/fd').length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]),
    workers,
  };
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 100) / 100;
}
