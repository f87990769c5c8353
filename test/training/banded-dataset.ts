/**
 * Writes a dataset of images with three bands of color in changing order, whose coarse labels leave out the blue band: only
 * points show that class.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricRecords, readRun } from 'coarsely/runs';
import { readSafetensors } from 'coarsely/torch';
import { encode } from 'fast-png';

export const bandedSize = { width: 72, height: 64 };
const colors = [
  [200, 30, 40],
  [40, 190, 50],
  [30, 50, 210],
] as const;
const orders = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
  [0, 2, 1],
] as const;

export interface BandedDataset {
  readonly root: string;
  runFolder(name: string): string;
  remove(): Promise<void>;
}

/** Writes four images to train and one to evaluate; all but the last of the former have three points in the blue band. */
export async function createBandedDataset(): Promise<BandedDataset> {
  const folder = await mkdtemp(join(tmpdir(), 'coarsely-bands-'));
  const root = join(folder, 'bands');
  const write = async (path: string, content: string | Uint8Array) => {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  };
  const names = ['red', 'green', 'blue'];
  await write('classes.json', JSON.stringify({ classes: names.map((name) => ({ name })) }));
  for (const [index, order] of orders.entries()) {
    const split = index === orders.length - 1 ? 'val' : 'train';
    const { width, height } = bandedSize;
    const band = (pixel: number) => order[Math.floor(((pixel % width) * 3) / width)] ?? 0;
    const pixels = Array.from({ length: width * height }, (_, pixel) => pixel);
    const image = Uint8Array.from(pixels.flatMap((pixel) => [...colors[band(pixel)]]));
    const labels = (of: (label: number) => number) => {
      const data = Uint8Array.from(pixels, (pixel) => of(band(pixel)));
      return encode({ width, height, channels: 1, depth: 8, data });
    };
    await write(
      `images/${split}/${index}.png`,
      encode({ width, height, channels: 3, depth: 8, data: image }),
    );
    await write(
      `fine/${split}/${index}.png`,
      labels((label) => label),
    );
    await write(
      `coarse/${split}/${index}.png`,
      labels((label) => (label === 2 ? 255 : label)),
    );
    const center = Math.round(((order.indexOf(2) + 0.5) * width) / 3);
    const points = [12, 32, 52].map((y) => ({ x: center, y, class: 'blue' }));
    if (index < 3) await write(`points/train/${index}.json`, JSON.stringify({ width, height, points }));
  }
  return {
    root,
    runFolder: (name) => join(folder, 'runs', name),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Returns every number of a run's last checkpoint, as text by name. */
export function stateOf(folder: string) {
  const { tensors } = readSafetensors(readRun(folder).lastCheckpoint?.file ?? '');
  const bytes = [...tensors].map(([name, tensor]) => [
    name,
    Buffer.from(tensor.toBytes()).toString('base64'),
  ]);
  for (const tensor of tensors.values()) tensor.dispose();
  return Object.fromEntries(bytes);
}

/** Returns the lines of a run's metrics about training. */
export const linesOf = (folder: string) => metricRecords(readRun(folder), 'train');

/** Returns the IoU of the class that coarse labels never show at the end of a run. */
export function blueOf(folder: string): number {
  const last = metricRecords(readRun(folder), 'val').at(-1)?.values;
  return last?.perClass?.find(({ name }) => name === 'blue')?.iou ?? Number.NaN;
}
