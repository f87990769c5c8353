/** Tests ADE20K: the class of each value, the names of splits, and the published colors. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ade20kClasses, openDataset } from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { png, put, temporaryFolder } from './dataset-folder.js';

describe('ade20k', () => {
  it('takes 1 from every value, and ignores 0', async () => {
    const root = await temporaryFolder();
    const size = { width: 151, height: 1 } as const;
    await put(
      join(root, 'images/validation/ADE_val_00000001.jpg'),
      png({ ...size, channels: 3, bytes: () => 7 }),
    );
    await put(
      join(root, 'annotations/validation/ADE_val_00000001.png'),
      png({ ...size, channels: 1, bytes: (place) => place }),
    );
    for (const split of ['val', 'validation', 'val+validation']) {
      const dataset = await openDataset({ kind: 'ade20k', root, split });
      expect(dataset.length).toBe(1);
      const { labels } = await dataset.read(0);
      expect([...(labels ?? [])]).toEqual([255, ...Array(150).keys()]);
    }
  });

  it('has 150 names, all different, each with its published color', () => {
    expect(new Set(ade20kClasses.map(({ name }) => name)).size).toBe(150);
    const some = [0, 1, 20, 48, 75, 99, 126, 142, 149].map((index) => ade20kClasses[index]);
    expect(some.map((one) => `${index(one?.name)} ${one?.name} ${one?.color}`)).toEqual([
      '1 wall 120,120,120',
      '2 building 180,120,120',
      '21 car 0,102,200',
      '49 skyscraper 140,140,140',
      '76 swivel chair 10,0,255',
      '100 buffet 255,112,0',
      '127 animal 255,0,122',
      '143 plate 0,255,184',
      '150 flag 92,0,255',
    ]);
    // The hash of the whole table, lines of `name red,green,blue`, which was compared with mmsegmentation's.
    const table = ade20kClasses.map(({ name, color }) => `${name} ${color.join(',')}\n`).join('');
    expect(createHash('sha256').update(table).digest('hex')).toBe(
      '87204cce1e6a1d682ed5eed818e558a2644845fdaa7672e1bdd7c9c0df2abcf6',
    );
    for (const { color } of ade20kClasses) {
      expect(color).toHaveLength(3);
      expect(color.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)).toBe(true);
    }
  });
});

/** Returns the value of a class in label files. */
function index(name: string | undefined): number {
  return ade20kClasses.findIndex((one) => one.name === name) + 1;
}
