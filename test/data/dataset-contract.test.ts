/**
 * Tests what all kinds of dataset have in common: ordered samples, joined splits, and one clear line for each bad
 * file.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { augmentationOptions, BatchLoader, checkDataset, openDataset } from 'coarsely/data';
import type { ComponentSection } from 'coarsely/registry';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import { grayLabels, png, put, temporaryFolder } from './dataset-folder.js';
import { kinds, labelAt, size, writeSplit } from './dataset-kinds.js';

const pixels = size.width * size.height;
const expectedLabels = (place: number) => Array.from({ length: pixels }, (_, pixel) => labelAt(place, pixel));

describe.each(Object.entries(kinds))('%s', (_, kind) => {
  const { strictSplit, lenientSplit } = kind;
  let root: string;
  beforeEach(async () => {
    root = await temporaryFolder();
    await writeSplit(root, { kind, split: strictSplit, count: 3 });
  });

  const description = (split: string, more = {}): ComponentSection => {
    return { kind: kind.kind, root, split, ...kind.options, ...more };
  };
  const withoutRoot = (lines: readonly string[]) => lines.map((line) => line.replaceAll(`${root}/`, ''));
  const problemsOf = async (split = strictSplit, { deep = false } = {}) =>
    withoutRoot((await checkDataset(description(split), { deep })).problems);
  const file = (which: 'image' | 'labels', place: number, split = strictSplit) => kind[which](split, place);

  it('gives images and labels in the order of their names', async () => {
    expect(await checkDataset(description(strictSplit), { deep: true })).toMatchObject({
      length: 3,
      problems: [],
      skipped: [],
    });
    const dataset = await openDataset(description(strictSplit));
    expect(dataset.classes).toHaveLength(kind.classCount);
    expect(dataset.length).toBe(3);
    for (const place of [0, 1, 2]) {
      const sample = await dataset.read(place);
      expect(file('image', place)).toContain(dataset.name(place));
      expect(sample).toMatchObject({ ...size, name: dataset.name(place) });
      expect([...(sample.labels ?? [])]).toEqual(expectedLabels(place));
      expect([...sample.image.subarray(0, 3)]).toEqual([0, 1, 2].map((at) => at * 7 + place * 31));
    }
  });

  it('reads images alone', async () => {
    await rm(join(root, file('labels', 1)));
    const sample = await (await openDataset(description(strictSplit, { labels: null }))).read(1);
    expect(sample.labels).toBeNull();
    expect((await checkDataset(description(strictSplit, { labels: null }))).problems).toEqual([]);
  });

  it('joins splits', async () => {
    await writeSplit(root, { kind, split: 'train', count: 2 });
    const dataset = await openDataset(description(`train+${strictSplit}`));
    expect(dataset.length).toBe(5);
    expect(new Set([0, 1, 2, 3, 4].map((index) => dataset.name(index))).size).toBe(5);
    expect([...((await dataset.read(1)).labels ?? [])]).toEqual(expectedLabels(1));
    expect([...((await dataset.read(4)).labels ?? [])]).toEqual(expectedLabels(2));
    expect(await problemsOf(`train+${strictSplit}`)).toEqual([]);
  });

  it.each(['train+train', 'train+', '+'])('refuses the split %s', async (split) => {
    await expect((async () => openDataset(description(split)))()).rejects.toMatchObject({ code: 'config' });
  });

  it('loads the same batches in worker threads', async () => {
    const batchOf = async (workers: number) => {
      const loader = new BatchLoader({
        dataset: description(strictSplit),
        augmentation: augmentationOptions.parse({ cropSize: [8, 8] }),
        batchSize: 2,
        seed: 3,
        workers,
      });
      const { names, labels, release } = await loader.next(0);
      const kept = { names, labels: [...labels] };
      release();
      await loader.close();
      return kept;
    };
    expect(await batchOf(1)).toEqual(await batchOf(0));
  });

  it('names a folder that is missing', async () => {
    const [problem] = await problemsOf('train');
    expect(problem).toMatch(/^[\w/]+: no such folder; .*has /);
    await expect(openDataset(description('train'))).rejects.toMatchObject({ code: 'data' });
  });

  it('names an image without labels, and labels without an image', async () => {
    await rm(join(root, file('labels', 1)));
    await rm(join(root, file('image', 2)));
    const problems = await problemsOf();
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain(`${file('image', 1)}: no labels; expected ${file('labels', 1)}`);
    expect(problems[1]).toContain(`${file('labels', 2)}: labels without an image; expected `);
    await expect(openDataset(description(strictSplit))).rejects.toMatchObject({ code: 'data' });
  });

  // Faults in existing files, which both the check and a reader find.
  const noise = (at: number) => (at * at * 31) % 251;
  const faults: Record<string, { which: 'image' | 'labels'; content: () => unknown; line: RegExp }> = {
    'a truncated image': {
      which: 'image',
      content: () => png({ ...size, channels: 3, bytes: noise }).slice(0, -30),
      line: /: cannot be decoded as an image \(/,
    },
    'an image that is none': {
      which: 'image',
      content: () => 'text',
      line: /: cannot be decoded as an image \(/,
    },
    'truncated labels': {
      which: 'labels',
      content: () => grayLabels(12, Array(pixels).fill(kind.encode(1))).slice(0, -20),
      line: /: damaged or truncated PNG \(/,
    },
    'labels that are no PNG': { which: 'labels', content: () => 'text', line: /: not a PNG file; / },
    'labels of another size': {
      which: 'labels',
      content: () => grayLabels(3, Array(6).fill(kind.encode(1))),
      line: /: labels are 3×2, but the image is 12×8$/,
    },
    'labels in color': {
      which: 'labels',
      content: () => png({ ...size, channels: 3, bytes: () => 9 }),
      line: kind.wrongMode,
    },
    'labels of 16 bits with a value above 255': {
      which: 'labels',
      content: () =>
        sharp(new Uint16Array(pixels).fill(300), { raw: { ...size, channels: 1 } })
          .toColourspace('grey16')
          .png()
          .toBuffer(),
      line: /: 16-bit value 300 at pixel 0,0 does not fit into the 8 bits of a label/,
    },
    'a value out of range': {
      which: 'labels',
      content: () =>
        grayLabels(
          12,
          Array.from({ length: pixels }, (_, at) => (at < 37 ? kind.encode(1) : kind.outOfRange.value)),
        ),
      line: kind.outOfRange.line,
    },
  };

  it.each(Object.entries(faults))('tells in one line of %s', async (_, { which, content, line }) => {
    await put(join(root, file(which, 1)), (await content()) as string);
    for (const deep of [false, true]) {
      const problems = await problemsOf(strictSplit, { deep });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(line);
      expect(problems[0]).not.toContain('\n');
      expect(problems[0]?.startsWith(`${file(which, 1)}: `)).toBe(true);
    }
    const dataset = await openDataset(description(strictSplit));
    const failure = await dataset.read(1).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'data', message: expect.stringMatching(line) });
    expect([...((await dataset.read(2)).labels ?? [])]).toEqual(expectedLabels(2));
  });

  it('says that nothing is labeled', async () => {
    for (const place of [0, 1, 2]) {
      await put(join(root, file('labels', place)), grayLabels(12, Array(pixels).fill(kind.encode(255))));
    }
    expect(await problemsOf()).toEqual([
      expect.stringContaining('the split has no labeled pixel in any of 3'),
    ]);
  });

  if (lenientSplit === null) return;
  it('trains without bad files, and names each', async () => {
    const split = lenientSplit;
    await writeSplit(root, { kind, split, count: 6 });
    await rm(join(root, file('labels', 0, split)));
    await rm(join(root, file('image', 1, split)));
    await put(join(root, file('labels', 3, split)), '');
    await put(join(root, file('image', 4, split)), png({ ...size, channels: 3, bytes: noise }).slice(0, -30));
    const check = await checkDataset(description(split));
    expect(check).toMatchObject({ length: 2, problems: [] });
    const skipped = [
      `${file('image', 0, split)}: no labels; expected ${file('labels', 0, split)}`,
      `${file('labels', 1, split)}: labels without an image; expected ${file('image', 1, split)}`,
      `${file('labels', 3, split)}: breaks off before its end; fetch it again`,
      `${file('image', 4, split)}: breaks off before its end; fetch it again`,
    ].map((line) => expect.stringContaining(line));
    expect(withoutRoot(check.skipped ?? [])).toEqual(skipped);
    const dataset = await openDataset(description(split));
    expect(withoutRoot(dataset.skipped ?? [])).toEqual(skipped);
    expect(
      [0, 1].map((index) => file('image', [2, 5][index] as number, split).includes(dataset.name(index))),
    ).toEqual([true, true]);
    expect([...((await dataset.read(1)).labels ?? [])]).toEqual(expectedLabels(5));

    const strict = await checkDataset(description(split, { badFiles: 'stop' }));
    expect(strict.problems).toHaveLength(4);
    expect(strict.skipped).toEqual([]);
    await rm(join(root, file('labels', 2, split)));
    await rm(join(root, file('labels', 5, split)));
    expect((await problemsOf(split))[0]).toMatch(/\(as are all of 6 files: nothing is left\)$/);
  });
});
