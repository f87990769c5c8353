/**
 * Writes a dataset folder that is like Cityscapes to a loader: 2048×1024, as smooth as the images of a good camera, so
 * that a PNG has 2 to 3 MB as there, and label maps of large regions.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from 'coarsely/data';
import { generateScene, sceneClasses } from 'coarsely/scenes';
import sharp from 'sharp';

/** Writes `count` pairs to images/train and labels/train of `root`, and returns the mean size of an image file in bytes. */
export async function writeImages(
  root: string,
  { count, width, height }: { readonly count: number; readonly width: number; readonly height: number },
): Promise<number> {
  for (const folder of ['images', 'labels']) mkdirSync(join(root, folder, 'train'), { recursive: true });
  writeFileSync(join(root, 'classes.json'), JSON.stringify({ classes: sceneClasses }));
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const scene = generateScene({ seed: 5, index, width: width / 2, height: height / 2 });
    const small = { raw: { width: width / 2, height: height / 2, channels: 3 } } as const;
    const image = await sharp(scene.image, small).resize(width, height, { kernel: 'cubic' }).raw().toBuffer();
    addNoise(image, new RandomStream(index, [1]));
    const labels = new Uint8Array(width * height);
    for (let place = 0; place < labels.length; place += 1) {
      const [x, y] = [(place % width) >> 1, Math.floor(place / width) >> 1];
      labels[place] = scene.labels[(y * width) / 2 + x] ?? 0;
    }
    const name = `scene-${index}.png`;
    const file = await encodePng(image, { width, height, channels: 3 });
    bytes += file.length / count;
    writeFileSync(join(root, 'images', 'train', name), file);
    writeFileSync(
      join(root, 'labels', 'train', name),
      await encodePng(labels, { width, height, channels: 1 }),
    );
  }
  return bytes;
}

/** Adds or subtracts one level in a quarter of the bytes each. */
function addNoise(bytes: Uint8Array, random: RandomStream): void {
  for (let place = 0; place < bytes.length; place += 16) {
    let draw = random.uint32();
    for (let at = place; at < Math.min(place + 8, bytes.length); at += 1, draw >>>= 4) {
      const value = bytes[at] ?? 0;
      if ((draw & 15) < 4) bytes[at] = Math.max(0, value - 1);
      else if ((draw & 15) < 8) bytes[at] = Math.min(255, value + 1);
    }
  }
}

function encodePng(
  pixels: Uint8Array,
  raw: { readonly width: number; readonly height: number; readonly channels: 1 | 3 },
): Promise<Buffer> {
  return sharp(pixels, { raw })
    .toColourspace(raw.channels === 1 ? 'b-w' : 'srgb')
    .png({ adaptiveFiltering: true })
    .toBuffer();
}
