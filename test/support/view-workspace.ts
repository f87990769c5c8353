/** Makes small datasets and workspaces for tests of the local page. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Workspace } from 'coarsely/server';
import sharp from 'sharp';

/** Is the size of the images that `writeSmallDataset` makes. */
export const smallImage = { width: 24, height: 16 } as const;

/** Returns a new folder that `remove` deletes. */
export function temporaryFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-view-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Returns a workspace in `folder`, whose dataset is `folder/data` unless it is stated. */
export function viewWorkspace(folder: string, changes: Partial<Workspace> = {}): Workspace {
  return {
    runs: [join(folder, 'runs')],
    dataset: join(folder, 'data'),
    reading: {},
    labels: 'coarse',
    split: 'train',
    audit: join(folder, 'runs/audit-data'),
    journal: join(folder, 'runs/review-data.jsonl'),
    tasks: null,
    by: 'test',
    cache: join(folder, 'cache'),
    linked: [],
    ...changes,
  };
}

/**
 * Writes a dataset of the classes sky (blue) and road (gray) with images `a`, `b`, … in `train` and one image in `val`. Image n
 * has the color (10 n, 0, 0). In `coarse` the upper quarter of the rows is sky and the lower quarter road; in `fine` each has
 * a half.
 */
export async function writeSmallDataset(root: string, { images = 3 }: { readonly images?: number } = {}) {
  const { width, height } = smallImage;
  mkdirSync(root, { recursive: true });
  writeFileSync(
    join(root, 'classes.json'),
    JSON.stringify({
      classes: [
        { name: 'sky', color: [0, 0, 200] },
        { name: 'road', color: [90, 90, 90] },
      ],
    }),
  );
  const rows = (share: number) =>
    Uint8Array.from({ length: width * height }, (_, pixel) => {
      const row = Math.floor(pixel / width);
      return row < share * height ? 0 : row >= (1 - share) * height ? 1 : 255;
    });
  const gray = { raw: { width, height, channels: 1 as const } };
  const names = (count: number) =>
    Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index));
  for (const [split, count] of [
    ['train', images],
    ['val', 1],
  ] as const) {
    for (const folder of ['images', 'coarse', 'fine'])
      mkdirSync(join(root, folder, split), { recursive: true });
    for (const [index, name] of names(count).entries()) {
      const background = { r: 10 * index, g: 0, b: 0 };
      await sharp({ create: { width, height, channels: 3, background } })
        .png()
        .toFile(join(root, 'images', split, `${name}.png`));
      for (const [folder, share] of [
        ['coarse', 0.25],
        ['fine', 0.5],
      ] as const) {
        await sharp(rows(share), gray)
          .toColourspace('b-w')
          .png()
          .toFile(join(root, folder, split, `${name}.png`));
      }
    }
  }
}
