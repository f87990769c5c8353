/** Fills batches with one worker thread when it is told to: our side of the loader bench. */

import { augmentationOptions, BatchLoader } from 'coarsely/data';
import { peakMiB, readParameters, serveSteps } from '../support/program.js';

const { root, batchSize, cropSize, cacheMiB, seed } = readParameters<{
  root: string;
  batchSize: number;
  cropSize: [number, number];
  cacheMiB: number;
  seed: number;
}>();
const loader = new BatchLoader({
  dataset: { kind: 'folder', root },
  augmentation: augmentationOptions.parse({ cropSize }),
  batchSize,
  seed,
  workers: 1,
  cacheMiB,
  // Nothing is prepared between two measurements, and on one core working ahead gains nothing.
  prefetch: 0,
});
let step = 0;

await serveSteps({ node: process.versions.node }, async (count) => {
  const began = performance.now();
  for (let batches = 0; batches < count; batches += 1, step += 1) (await loader.next(step)).release();
  const secondsAnImage = (performance.now() - began) / 1000 / (count * batchSize);
  return { secondsAnImage, peakMiB: peakMiB() };
});
await loader.close();
