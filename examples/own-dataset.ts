/**
 * Trains on a dataset of your own that is not a folder of files: images of discs on a dark ground are drawn when they are
 * read, and the coarse labels leave out the rim of each disc. Once registered as a kind, a config can name it.
 *
 *     node node_modules/coarsely/dist/examples/own-dataset.js [folder] [steps]
 */

import { join } from 'node:path';
import { configSchema, datasetSection } from 'coarsely/config';
import {
  type DatasetComponent,
  datasets,
  ignoreIndex,
  openDataset,
  RandomStream,
  type Sample,
  type SegmentationDataset,
} from 'coarsely/data';
import { evaluate, inferenceOptions, loadRun } from 'coarsely/evaluation';
import { runTraining } from 'coarsely/training';
import { z } from 'zod';

const folder = process.argv[2] ?? 'example';
const iterations = Number(process.argv[3] ?? 100);

const size = 64;
const options = z
  .strictObject({
    root: z.string().describe('Not used: nothing is read from disk.'),
    split: z
      .enum(['train', 'val'])
      .default('train')
      .describe('Training and validation draw different discs.'),
    labels: z
      .enum(['coarse', 'fine'])
      .default('fine')
      .describe('Coarse labels leave out the rim of each disc.'),
    count: z.int().min(1).default(16).describe('Number of images.'),
  })
  .describe('Discs on a dark ground, drawn on demand.');

/** Draws one bright disc with its labels: 1 inside, 0 outside, and ignored near the rim where labels are coarse. */
function drawSample(index: number, { split, labels }: z.output<typeof options>): Sample {
  const random = new RandomStream(split === 'train' ? 1 : 2, [index]);
  const [centerX, centerY, radius] = [
    20 + 24 * random.uniform(),
    20 + 24 * random.uniform(),
    8 + 8 * random.uniform(),
  ];
  const margin = labels === 'coarse' ? 4 : 0;
  const image = new Uint8Array(size * size * 3);
  const map = new Uint8Array(size * size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const distance = Math.hypot((pixel % size) - centerX, Math.floor(pixel / size) - centerY) - radius;
    image.fill((distance < 0 ? 170 : 60) + 50 * random.uniform(), 3 * pixel, 3 * pixel + 3);
    map[pixel] = Math.abs(distance) < margin ? ignoreIndex : distance < 0 ? 1 : 0;
  }
  return { name: `${split}-${index}`, width: size, height: size, image, labels: map };
}

async function open(parsed: z.output<typeof options>): Promise<SegmentationDataset> {
  return {
    classes: [
      { name: 'ground', color: [40, 40, 60] },
      { name: 'disc', color: [230, 180, 60] },
    ],
    length: parsed.count,
    name: (index) => `${parsed.split}-${index}`,
    read: async (index) => drawSample(index, parsed),
  };
}

const discs: DatasetComponent<z.output<typeof options>> = {
  kind: 'discs',
  options,
  create: open,
  check: async ({ count }) => ({ length: count, problems: [] }),
};
datasets.register(discs as DatasetComponent);

const config = configSchema.parse({
  data: {
    kind: 'discs',
    root: folder,
    train: { split: 'train', labels: 'coarse' },
    evaluation: { split: 'val', labels: 'fine' },
    augmentation: { cropSize: [size, size] },
    // Worker threads can only read datasets that they load themselves; docs/guide/extend.md shows how.
    workers: 0,
  },
  training: { iterations, batchSize: 4 },
});
const runFolder = join(folder, 'discs');
await runTraining(config, { runFolder });

using run = await loadRun(runFolder);
const dataset = await openDataset(datasetSection(run.config.data, 'evaluation'));
const { mIoU } = await evaluate(run.model, dataset, inferenceOptions(run.config));
console.log(`mIoU on exact labels: ${(100 * mIoU).toFixed(1)} %`);
