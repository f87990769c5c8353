/**
 * Trains a head again after new labels on a few images, from the features of a dataset in memory: the rows of these images
 * are chosen anew, and the head goes on from where it was.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sample, SegmentationDataset } from 'coarsely/data';
import { MobileNet } from 'coarsely/models';
import { openFeatureTable, trainHead } from 'coarsely/quick';
import { engine, Generator, setThreads } from 'coarsely/torch';
import { peakMiB, readParameters, secondsOfAsync, serveSteps } from '../support/program.js';
import type { RetrainSetting } from './setting.js';

const { images, changed, width, height, classCount, drawn, steps, threads } =
  readParameters<RetrainSetting>();
setThreads(threads);

/** Returns stripes of all classes that move with `turn`, as a person's corrections would move borders. */
function labelsOf(index: number, turn: number): Uint8Array {
  return Uint8Array.from(
    { length: width * height },
    (_, pixel) => Math.floor(((pixel % width) + 17 * index + 5 * turn) / 40) % classCount,
  );
}

function imageOf(index: number): Uint8Array {
  return Uint8Array.from({ length: 3 * width * height }, (_, place) => (place * 7 + index * 31) % 251);
}

const dataset: SegmentationDataset = {
  classes: Array.from({ length: classCount }, (_, index) => ({
    name: `class ${index}`,
    color: [index, index, index] as const,
  })),
  length: images,
  name: (index) => `image ${index}`,
  read: (index): Promise<Sample> =>
    Promise.resolve({
      ...{ name: `image ${index}`, width, height },
      ...{ image: imageOf(index), labels: labelsOf(index, 0) },
    }),
};

const cacheFolder = mkdtempSync(join(tmpdir(), 'coarsely-bench-features-'));
process.on('exit', () => rmSync(cacheFolder, { recursive: true, force: true }));
const backbone = new MobileNet('mobilenet_v2', { outputStride: 16, generator: new Generator(0) });
backbone.eval();
const table = await openFeatureTable({
  ...{ backbone, dataset, cacheFolder, seed: 0 },
  taps: ['stem', 'stage1', 'stage2', 'stage3', 'stage4'],
});
const options = { pixels: drawn, classCount, seed: 0 };
const head = trainHead(table, { ...options, steps });
let turn = 0;

async function retrain(): Promise<void> {
  turn += 1;
  for (let index = 0; index < changed; index += 1) {
    await table.replace(index, { width, height, labels: labelsOf(index, turn) });
  }
  trainHead(table, { ...options, start: head, steps });
}

await serveSteps({ torch: engine().version }, async (count) => ({
  seconds: await secondsOfAsync(count, retrain),
  peakMiB: peakMiB(),
}));
