/**
 * Trains a head on features of your own: any table of numbers with a class for each row will do. Here the features of a
 * pixel are its color and place in generated scenes; a frozen network would give better ones.
 *
 *     node node_modules/coarsely/dist/examples/own-features.js [steps]
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from 'coarsely/data';
import { featureRows, trainHead } from 'coarsely/quick';
import { writeScenes } from 'coarsely/scenes';
import { tensorFrom, tidy } from 'coarsely/torch';

const steps = Number(process.argv[2] ?? 300);

const folder = mkdtempSync(join(tmpdir(), 'own-features-'));
await writeScenes(folder, { train: 16, validation: 4, width: 144, height: 96 });

/** Returns [pixels, 5] features with the labels of a part. */
async function readPart(split: string, kind: string) {
  const dataset = await openDataset({ kind: 'folder', root: folder, split, labels: kind });
  const features: number[] = [];
  const labels: number[] = [];
  for (let index = 0; index < dataset.length; index += 1) {
    const sample = await dataset.read(index);
    for (const [pixel, label] of (sample.labels ?? []).entries()) {
      const [x, y] = [pixel % sample.width, Math.floor(pixel / sample.width)];
      features.push(...sample.image.subarray(3 * pixel, 3 * pixel + 3), x, y);
      labels.push(label);
    }
  }
  return { features: Float32Array.from(features), labels: Uint8Array.from(labels), channels: 5 };
}

using rows = featureRows(await readPart('train', 'coarse'));
const head = trainHead(rows, {
  steps,
  hidden: [64],
  reweighter: { kind: 'arm' },
  onStep: (step, loss) => {
    if (step % 100 === 0) console.log(`step ${step}  loss ${loss().toFixed(3)}`);
  },
});

const { features, labels, channels } = await readPart('val', 'fine');
const classes = tidy(() => {
  const pixels = tensorFrom(features, { dtype: 'float32', shape: [labels.length, channels, 1, 1] });
  return head.forwardStacked(pixels).logitsNCHW.argmax(1).toTypedArray();
});
const right = labels.filter((label, pixel) => Number(classes[pixel]) === label).length;
const labeled = labels.filter((label) => label !== 255).length;
console.log(`pixels right on scenes never seen: ${((100 * right) / labeled).toFixed(1)} %`);
head.dispose();
rmSync(folder, { recursive: true });
