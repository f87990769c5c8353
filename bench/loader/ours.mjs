// Our side of the loader bench: one worker thread fills batches when it is told to.

import { createInterface } from 'node:readline';
import { augmentationOptions, BatchLoader } from 'coarsely/data';

const { root, batchSize, cropSize, cacheMiB, seed } = JSON.parse(process.argv[2]);
const loader = new BatchLoader({
  dataset: { kind: 'folder', root },
  augmentation: augmentationOptions.parse({ cropSize }),
  batchSize,
  seed,
  workers: 1,
  cacheMiB,
  // Nothing is made between two measurements; on one core working ahead brings nothing.
  prefetch: 0,
});
let step = 0;

async function load(count) {
  const began = performance.now();
  for (let batches = 0; batches < count; batches += 1, step += 1) (await loader.next(step)).release();
  return (performance.now() - began) / 1000 / (count * batchSize);
}

const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

tell({ node: process.versions.node });
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line.split(' ')[1]);
  tell({ secondsAnImage: await load(count), peakMiB: process.resourceUsage().maxRSS / 1024 });
}
await loader.close();
