// What a process holds at a moment: memory by several accounts, tensors, file descriptors and threads.

import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { liveTensorCount, memory } from 'coarsely/torch';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

let workers = 0;
process.on('worker', (worker) => {
  workers += 1;
  worker.once('exit', () => {
    workers -= 1;
  });
});

const mebibytes = (bytes) => Math.round((bytes / 2 ** 20) * 100) / 100;

/** JavaScript's own garbage is collected first: it would drown what is looked for. */
export async function readGauges() {
  collectGarbage();
  // Finalisers and the ends of threads come with the next turns of the event loop.
  await new Promise((done) => setTimeout(done, 20));
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
