/** Writes points into a dataset of generated scenes, with the classes that its fine labels have there. */

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomStream, readClassList, readLabels } from 'coarsely/data';

/** Writes `count` points for every training image. */
export async function writePoints(root: string, count: number): Promise<void> {
  const classes = await readClassList(join(root, 'classes.json'));
  await mkdir(join(root, 'points', 'train'), { recursive: true });
  for (const [index, name] of (await readdir(join(root, 'fine', 'train'))).sort().entries()) {
    const { width, height, labels } = await readLabels(join(root, 'fine', 'train', name), classes);
    const random = new RandomStream(index, [3]);
    const points = Array.from({ length: count }, () => {
      const [x, y] = [random.integer(width), random.integer(height)];
      return { x, y, class: labels[y * width + x] as number };
    }).filter((point) => point.class !== 255);
    const unique = new Map(points.map((point) => [`${point.x} ${point.y}`, point]));
    const file = join(root, 'points', 'train', name.replace(/\.png$/, '.json'));
    await writeFile(file, JSON.stringify({ width, height, points: [...unique.values()] }));
  }
}
