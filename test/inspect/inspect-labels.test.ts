/** Tests the inspection of labels: values and colors without a class, proposed classes, and coarse against fine labels. */

import { join } from 'node:path';
import { readClassList } from 'coarsely/data';
import { inspectDataset, type LabelComparison } from 'coarsely/inspect';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { put, threeClasses } from '../data/dataset-folder.js';
import { allClasses, datasetFolder, gray, halfLabeled, height, mask, width } from './inspected-folder.js';

/** Writes these labels over all label files of the default folder. */
async function overwrite(root: string, content: Uint8Array): Promise<void> {
  for (const file of ['train/s0', 'train/s1', 'train/s2', 'train/s3', 'val/s0', 'val/s1']) {
    await put(join(root, `labels/${file}.png`), content);
  }
}

const [road, car, tree] = threeClasses.classes.map(({ color }) => color) as [number[], number[], number[]];

describe('labels of no class', () => {
  it('are named with their files', async () => {
    const root = await datasetFolder();
    await put(
      join(root, 'labels/train/s2.png'),
      gray((pixel) => (pixel === 5 ? 77 : pixel === 6 ? 40 : 1)),
    );
    const { problems, proposedClasses } = await inspectDataset(root);
    expect(problems).toMatchObject([
      {
        code: 'unknown-label',
        labels: 'labels',
        count: 1,
        examples: ['labels/train/s2.png (40, 77)'],
        message: expect.stringContaining('classes.json has 3, so values 0–2'),
      },
    ]);
    expect(proposedClasses).toBeNull();
  });

  it('with 0 for the background: both ways out, one as a list', async () => {
    const root = await datasetFolder({ labels: { labels: (pixel) => pixel % 4 } });
    const { problems, proposedClasses } = await inspectDataset(root);
    expect(problems[0]?.remedy).toMatch(/^0–3 for 3 classes: if 0 is the background, subtract 1/);
    expect(proposedClasses?.classes.map(({ name }) => name)).toEqual(['background', 'road', 'car', 'tree']);
  });

  it('that begin at 1', async () => {
    const root = await datasetFolder({ labels: { labels: (pixel) => 1 + (pixel % 3) } });
    const { problems } = await inspectDataset(root);
    expect(problems[0]?.remedy).toMatch(/^values begin at 1 here: subtract 1/);
  });

  it('that begin at 1 and stay in the list, since the last class never occurs', async () => {
    const root = await datasetFolder({ labels: { labels: (pixel) => 1 + (pixel % 2) } });
    const { hints } = await inspectDataset(root);
    expect(hints).toContainEqual(expect.stringContaining('the list is off by one'));
  });

  it('of one value only, where nothing is 255: the ignoreIndex to write', async () => {
    const root = await datasetFolder({ labels: { labels: (pixel) => (pixel < 9 ? 200 : pixel % 3) } });
    const { problems } = await inspectDataset(root);
    expect(problems[0]?.remedy).toBe(
      'if 200 means "not labeled", write "ignoreIndex": 200 into classes.json',
    );
    const changed = await datasetFolder({
      labels: { labels: (pixel) => (pixel < 9 ? 200 : pixel % 3) },
      classes: { ...threeClasses, ignoreIndex: 200 },
    });
    expect(await inspectDataset(changed)).toMatchObject({ problems: [], verdict: { usable: true } });
  });

  it('0 and 255 alone are a foreground that nothing learns', async () => {
    const root = await datasetFolder({ labels: { labels: (pixel) => (pixel % 2) * 255 } });
    const { hints } = await inspectDataset(root);
    expect(hints).toContainEqual(expect.stringContaining('if 255 is the foreground, save it as 1'));
  });
});

describe('colors', () => {
  const colors = [road, car, tree, [0, 0, 0]];
  const colored = mask((pixel) => colors[pixel % 4] ?? []);

  it('of the list are read, black as not labeled', async () => {
    const root = await datasetFolder();
    await overwrite(root, colored);
    const { labelSets, problems, hints, verdict } = await inspectDataset(root);
    expect({ problems, usable: verdict.usable }).toEqual({ problems: [], usable: true });
    expect(labelSets[0]).toMatchObject({
      forms: [{ form: 'RGB', files: 6 }],
      values: null,
      unlabeledShare: 0.25,
      neverSeen: [],
    });
    expect(hints).toContainEqual(expect.stringContaining('RGB masks, read by the colors in classes.json'));
  });

  it('that the list lacks are named and proposed behind its own', async () => {
    const root = await datasetFolder({ classes: { classes: threeClasses.classes.slice(0, 2) } });
    await overwrite(root, colored);
    const { problems, proposedClasses } = await inspectDataset(root);
    expect(problems).toMatchObject([
      {
        code: 'unknown-color',
        count: 6,
        message: 'RGB masks hold 1 color, (107, 142, 35), that classes.json gives to no class',
      },
    ]);
    expect(problems[0]?.examples[0]).toBe('labels/train/s0.png (107 142 35)');
    expect(proposedClasses?.classes).toEqual([
      ...threeClasses.classes.slice(0, 2),
      { name: 'vegetation', color: [107, 142, 35] },
    ]);
  });

  it('without a list make one that reads them, and the numbers are already those under it', async () => {
    const root = await datasetFolder({ classes: null });
    const odd = [
      [1, 2, 3],
      [1, 2, 3],
      [9, 8, 7],
      [0, 0, 0],
    ];
    await overwrite(
      root,
      mask((pixel) => odd[pixel % 4] ?? []),
    );
    const before = await inspectDataset(root);
    expect(before.problems.map(({ code }) => code)).toEqual(['no-classes']);
    expect(before.proposedClasses).toEqual({
      classes: [
        { name: 'rgb-1-2-3', color: [1, 2, 3] },
        { name: 'rgb-9-8-7', color: [9, 8, 7] },
      ],
    });
    expect(before.labelSets[0]).toMatchObject({
      unlabeledShare: 0.25,
      perClass: [{ images: 6 }, { images: 6 }],
    });
    await put(join(root, 'classes.json'), JSON.stringify(before.proposedClasses));
    expect(await inspectDataset(root)).toMatchObject({ problems: [], verdict: { usable: true } });
  });

  it('of equal channels are indices in disguise', async () => {
    const root = await datasetFolder();
    await overwrite(
      root,
      mask((pixel) => Array(3).fill(pixel % 3)),
    );
    const { hints } = await inspectDataset(root);
    expect(hints).toContainEqual(expect.stringContaining('save one of them as 8-bit gray'));
    await overwrite(root, colored);
    expect((await inspectDataset(root)).hints).toHaveLength(1);
  });

  it('in their hundreds come from smoothing, and no list is proposed', async () => {
    const root = await datasetFolder({ splits: { train: 4, val: 1 } });
    for (let sample = 0; sample < 4; sample++) {
      const smooth = mask((pixel) => [pixel, sample, 200]);
      await put(join(root, `labels/train/s${sample}.png`), smooth);
    }
    const { problems, proposedClasses } = await inspectDataset(root);
    expect(problems[0]).toMatchObject({
      code: 'unknown-color',
      remedy: expect.stringContaining('without smoothing'),
    });
    expect(proposedClasses).toBeNull();
  });
});

describe('palettes', () => {
  const paletteFile = (palette: number[][]) => {
    const data = Uint8Array.from({ length: width * height }, (_, pixel) => pixel % 3);
    const rest = Array.from({ length: 256 - palette.length }, () => [0, 0, 0]);
    return encode({ width, height, channels: 1, depth: 8, data, palette: [...palette, ...rest] });
  };

  it('in the order of the list are fine', async () => {
    const root = await datasetFolder();
    await overwrite(root, paletteFile([road, car, tree]));
    const { labelSets, hints, problems } = await inspectDataset(root);
    expect(labelSets[0]?.forms).toEqual([{ form: 'palette', files: 6 }]);
    expect(problems).toEqual([]);
    expect(hints).toEqual(['labels: palette PNGs, of which the index is the class']);
  });

  it('in another order than the list are a problem', async () => {
    const root = await datasetFolder();
    await overwrite(root, paletteFile([car, road, tree]));
    const { problems, verdict } = await inspectDataset(root);
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'palettes-differ',
        labels: 'labels',
        message: expect.stringContaining("has the color of 'car', which is 1 in classes.json"),
      }),
    ]);
    expect(verdict.usable).toBe(false);
  });

  it('give a proposed list their colors', async () => {
    const root = await datasetFolder({ classes: null });
    await overwrite(root, paletteFile([road, car, tree]));
    const { proposedClasses } = await inspectDataset(root);
    expect(proposedClasses).toEqual({
      classes: [
        { name: 'class-0', color: road },
        { name: 'class-1', color: car },
        { name: 'class-2', color: tree },
      ],
    });
    await put(join(root, 'proposed.json'), JSON.stringify(proposedClasses));
    expect((await readClassList(join(root, 'proposed.json'))).classes).toHaveLength(3);
  });
});

describe('the list of classes', () => {
  it('is proposed from values, those between them too', async () => {
    const root = await datasetFolder({
      classes: null,
      labels: { labels: (pixel) => (pixel % 2 === 0 ? 0 : 3) },
    });
    const { proposedClasses } = await inspectDataset(root);
    expect(proposedClasses?.classes.map(({ name }) => name)).toEqual([
      'class-0',
      'unused-1',
      'unused-2',
      'class-3',
    ]);
  });

  it('that is wrong is told why', async () => {
    const root = await datasetFolder({ classes: { clases: [] } });
    const { problems } = await inspectDataset(root);
    expect(problems[0]).toMatchObject({
      code: 'classes',
      message: expect.stringContaining('did you mean classes?'),
    });
  });
});

describe('coarse against fine', () => {
  /** Leaves the first 48 of 96 pixels unlabeled, and makes 12 of the others wrong. */
  const wrongQuarter = (pixel: number) => (pixel < 48 ? 255 : pixel >= 84 ? 0 : allClasses(pixel, 0));

  it('is covered and confirmed by these shares', async () => {
    const root = await datasetFolder({ labels: { coarse: wrongQuarter, fine: allClasses } });
    const { comparisons } = await inspectDataset(root);
    expect(comparisons.map(({ split }) => split)).toEqual(['train', 'val']);
    expect(comparisons[0]).toEqual({
      split: 'train',
      coarse: 'coarse',
      fine: 'fine',
      images: 4,
      coarseLabeled: 0.5,
      fineLabeled: 1,
      ratio: 0.5,
      agreement: 0.75,
      perClass: [
        { name: 'road', agreement: 0 },
        { name: 'car', agreement: 1 },
        { name: 'tree', agreement: 1 },
      ],
    } satisfies LabelComparison);
  });

  it('that agree on little are noticed', async () => {
    const root = await datasetFolder({
      labels: { coarse: (pixel) => 2 - allClasses(pixel, 0), fine: allClasses },
    });
    const { hints } = await inspectDataset(root);
    expect(hints).toContainEqual(expect.stringMatching(/^train: coarse and fine agree on only 33 %/));
  });

  it('that are the same are noticed', async () => {
    const root = await datasetFolder({ labels: { coarse: allClasses, fine: allClasses } });
    expect((await inspectDataset(root)).hints).toContain('train: coarse and fine are the same');
  });

  it('is not made up for images that only one of them has', async () => {
    const root = await datasetFolder({ splits: { train: 2 }, labels: { coarse: halfLabeled } });
    await put(
      join(root, 'images/val/s0.png'),
      mask(() => [1, 2, 3]),
    );
    await put(
      join(root, 'fine/val/s0.png'),
      gray(() => 1),
    );
    const { comparisons, verdict } = await inspectDataset(root);
    expect(comparisons).toEqual([]);
    expect(verdict).toEqual({
      usable: true,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
    });
  });
});
