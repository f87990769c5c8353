// A dataset folder like Cityscapes as far as a loader can tell: 2048×1024, as smooth as a good camera's images, so that
// a PNG has 2 to 3 MB as there, and label maps of large regions.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateScene, RandomStream, sceneClasses } from 'coarsely/data';
import sharp from 'sharp';

/** Writes `count` pairs to images/train and labels/train of `root`; the mean size of an image file in bytes. */
export async function writeImages(root, { count, width, height }) {
  for (const folder of ['images', 'labels']) mkdirSync(join(root, folder, 'train'), { recursive: true });
  writeFileSync(join(root, 'classes.json'), JSON.stringify({ classes: sceneClasses }));
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const scene = generateScene({ seed: 5, index, width: width / 2, height: height / 2 });
    const small = { raw: { width: width / 2, height: height / 2, channels: 3 } };
    const image = await sharp(scene.image, small).resize(width, height, { kernel: 'cubic' }).raw().toBuffer();
    addNoise(image, new RandomStream(index, [1]));
    const labels = new Uint8Array(width * height);
    for (let place = 0; place < labels.length; place += 1) {
      const [x, y] = [(place % width) >> 1, Math.floor(place / width) >> 1];
      labels[place] = scene.labels[(y * width) / 2 + x];
    }
    const name = `scene-${index}.png`;
    const file = await png(image, { width, height, channels: 3 });
    bytes += file.length / count;
    writeFileSync(join(root, 'images', 'train', name), file);
    writeFileSync(join(root, 'labels', 'train', name), await png(labels, { width, height, channels: 1 }));
  }
  return bytes;
}

/** One level up or down in a quarter of the bytes. */
function addNoise(bytes, random) {
  for (let place = 0; place < bytes.length; place += 16) {
    let draw = random.uint32();
    for (let at = place; at < Math.min(place + 8, bytes.length); at += 1, draw >>>= 4) {
      if ((draw & 15) < 4) bytes[at] = Math.max(0, bytes[at] - 1);
      else if ((draw & 15) < 8) bytes[at] = Math.min(255, bytes[at] + 1);
    }
  }
}

const png = (pixels, raw) =>
  sharp(pixels, { raw })
    .toColourspace(raw.channels === 1 ? 'b-w' : 'srgb')
    .png({ adaptiveFiltering: true })
    .toBuffer();
