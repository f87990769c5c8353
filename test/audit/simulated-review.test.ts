/** Tests decisions that are simulated by exact labels, and datasets with errors that an audit is judged by. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from 'coarsely/config';
import { encodeLabelPng, openDataset } from 'coarsely/data';
import { ConfigError, DataError } from 'coarsely/errors';
import { readJournal } from 'coarsely/review';
import { writeScenes } from 'coarsely/scenes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeErrorsDataset, withErrorsDataset } from '#audit/judge/errors-dataset.js';
import { openExactLabels } from '#audit/judge/exact-labels.js';
import { simulateReview } from '#audit/judge/simulate-review.js';
import type { SuspectRegion } from '#audit/suspect-region.js';
import { formatRuns, maskRuns } from '#geometry/index.js';
import { quickConfig } from '../quick/quick-fixtures.js';

const size = { width: 64, height: 48 };
let folder: string;
let root: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-judge-'));
  root = join(folder, 'scenes');
  await writeScenes(root, { train: 3, validation: 1, ...size });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sectionOf = (labels: string) => ({ kind: 'folder', root, split: 'train', labels });

describe('openExactLabels', () => {
  it('reads exact labels by the name of the image, and says where there are none', async () => {
    const some = join(folder, 'some');
    await writeScenes(some, { train: 3, validation: 1, ...size });
    const section = { ...sectionOf('coarse'), root: some };
    const files = await openDataset(section);
    await rm(join(some, 'fine', 'train', `${files.name(1)}.png`));
    const { classes } = files;
    const exact = await openExactLabels(files, { section, labels: 'fine', classes });
    expect([exact.labels, exact.images]).toEqual(['fine', 2]);
    expect(await exact.read(files.name(1), size)).toBeNull();
    const fine = await openDataset({ ...section, labels: 'fine', missingLabels: 'skip' });
    expect(await exact.read(files.name(2), size)).toEqual((await fine.read(1)).labels);
    // Classes of another order are matched by name.
    const reversed = await openExactLabels(files, { section, labels: 'fine', classes: classes.toReversed() });
    const last = classes.length - 1;
    const [labels, turned] = [
      await exact.read(files.name(0), size),
      await reversed.read(files.name(0), size),
    ];
    expect(turned).toEqual(labels?.map((label) => (label === 255 ? 255 : last - label)));
    await expect(exact.read(files.name(0), { width: 3, height: 2 })).rejects.toThrow(
      `${files.name(0)}: labels 'fine' have 64×48 pixels, those that are audited 3×2; expected equal sizes`,
    );
  });

  it('refuses the audited labels, and labels that no image has', async () => {
    const files = await openDataset(sectionOf('coarse'));
    const open = (labels: string) =>
      openExactLabels(files, { section: sectionOf('coarse'), labels, classes: files.classes });
    await expect(open('coarse')).rejects.toThrow(ConfigError);
    await expect(open('finest')).rejects.toThrow(DataError);
  });
});

describe('simulateReview', () => {
  /** Returns a region of the upper left pixels of an image. */
  function regionOf(image: string, given: string, suggested: string, pixels = 4): SuspectRegion {
    const mask = new Uint8Array(size.width * size.height).fill(1, 0, pixels);
    return {
      ...{ id: `${image}-${given}-${suggested}`, split: 'train', image, labels: 'coarse', ...size },
      ...{ box: [0, 0, pixels, 1], pixels, runs: formatRuns(maskRuns(mask, size)), given, suggested },
      ...{ expectedWrong: 3, confidence: 0.9, loss: 2, weight: 0.5, kind: 'object' },
    };
  }
  const classes = ['road', 'grass', 'car'];
  const truth = Uint8Array.of(0, 0, 0, 1, 255, 255, 255, 255);
  const exact = {
    labels: 'fine',
    images: 1,
    read: async (name: string) =>
      name === 'a' ? Uint8Array.from({ length: 3072 }, (_, pixel) => truth[pixel] ?? 255) : null,
  };

  it('writes what a person would decide as lines of a journal, for the first regions alone', async () => {
    const journal = join(folder, 'review', 'journal.jsonl');
    const regions = [
      regionOf('a', 'grass', 'road'),
      regionOf('a', 'road', 'car'),
      regionOf('a', 'car', 'grass'),
      regionOf('missing', 'car', 'grass'),
      regionOf('a', 'car', 'road', 8),
      regionOf('a', 'grass', 'car'),
    ];
    const review = await simulateReview(regions, { journal, exact, classes, count: 5 });
    expect(review).toEqual({
      journal,
      decisions: { accept: 1, keep: 1, assign: 1, unlabel: 1 },
      seconds: 40,
      skipped: 1,
    });
    const { lines } = readJournal(journal);
    const { split, image, labels, width, height } = regions[0] as SuspectRegion;
    expect(lines[0]?.line).toMatchObject({
      ...{ action: 'accept', split, image, labels, width, height, seconds: 10, simulated: 'fine' },
      region: { id: 'a-grass-road', given: 'grass', suggested: 'road', runs: regions[0]?.runs },
    });
    expect(lines.map(({ line }) => line.action)).toEqual(['accept', 'keep', 'assign', 'unlabel']);
    expect(lines[2]?.line).toMatchObject({ class: 'road' });
  });

  it('adds nothing to a journal that exists', async () => {
    const journal = join(folder, 'mine.jsonl');
    await writeFile(journal, '');
    await expect(simulateReview([], { journal, exact, classes, count: 1 })).rejects.toThrow(
      `${journal}: exists already, and simulated decisions are never added to others; name another with --journal FILE`,
    );
  });
});

describe('makeErrorsDataset', () => {
  const configOf = (data: object = {}): Config =>
    quickConfig(folder, {
      sections: {
        data: {
          root,
          train: { split: 'train', labels: 'fine', ...data },
          evaluation: { split: 'val', labels: 'fine' },
        },
        output: join(folder, 'runs'),
      },
    });

  it('links the dataset and puts labels with errors beside it, once', async () => {
    const config = configOf();
    const made = await makeErrorsDataset(config, { kind: 'swap', share: 0.5 });
    expect(made).toMatchObject({
      root: join(folder, 'runs', 'scenes-errors'),
      labels: 'fine-swap-0.5-0',
      truth: 'fine',
    });
    expect(made.errors).toBeGreaterThan(0);
    const { data } = withErrorsDataset(config, made);
    const wrong = await openDataset({ kind: 'folder', root: data.root, ...data.train });
    const right = await openDataset({ ...sectionOf('fine') });
    let different = 0;
    for (let index = 0; index < right.length; index++) {
      const [before, after] = [await right.read(index), await wrong.read(index)];
      expect(after.image).toEqual(before.image);
      different += after.labels?.filter((label, pixel) => label !== before.labels?.[pixel]).length ?? 0;
    }
    // The record also counts the other splits.
    expect(different).toBeGreaterThan(0);
    expect(different).toBeLessThanOrEqual(made.wrongPixels);
    const file = join(made.root, made.labels, 'errors.json');
    const record = await readFile(file, 'utf8');
    expect(await makeErrorsDataset(config, { kind: 'swap', share: 0.5 })).toEqual(made);
    expect(await readFile(file, 'utf8')).toBe(record);
    expect((await makeErrorsDataset(config, { kind: 'drop', seed: 3 })).labels).toBe('fine-drop-0.1-3');
    expect(existsSync(join(root, 'fine-swap-0.5-0'))).toBe(false);
  });

  it('refuses what it would read wrongly or write over', async () => {
    const refused = (config: Config, options = {}) =>
      expect(makeErrorsDataset(config, { kind: 'drop', ...options })).rejects;
    await refused(configOf({ labelEncoding: 'color' })).toThrow('received data.labelEncoding: color');
    await refused(configOf(), { folder: root }).toThrow(`${root}: is the dataset itself`);
    const other = join(folder, 'other');
    await mkdir(join(other, 'images'), { recursive: true });
    await refused(configOf(), { folder: other }).toThrow(`${join(other, 'images')}: is in the way`);
    const taken = join(folder, 'taken');
    await mkdir(join(taken, 'fine-drop-0.1-0'), { recursive: true });
    await refused(configOf(), { folder: taken }).toThrow('holds something else than labels with errors');
  });

  it('does not take errors of labels that have changed', async () => {
    const changing = join(folder, 'changing');
    await writeScenes(changing, { train: 1, validation: 1, ...size });
    const config = { ...configOf(), data: { ...configOf().data, root: changing } };
    const { root: made } = await makeErrorsDataset(config, { kind: 'drop' });
    const files = await openDataset({ ...sectionOf('fine'), root: changing });
    const labels = new Uint8Array(size.width * size.height).fill(1);
    await writeFile(join(changing, 'fine', 'train', `${files.name(0)}.png`), encodeLabelPng(labels, size));
    await expect(makeErrorsDataset(config, { kind: 'drop' })).rejects.toThrow(
      `${join(made, 'fine-drop-0.1-0')}: has errors of labels that have changed since; remove it to make it again`,
    );
  });
});
