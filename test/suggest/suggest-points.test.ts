/** Asks about the images of a small dataset with trained runs, and reads what was written, as a person would. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { datasetSection } from 'coarsely/config';
import { encodeLabelPng, openDataset, readClassList, readLabels } from 'coarsely/data';
import { loadRun } from 'coarsely/evaluation';
import { trainRun } from 'coarsely/quick';
import { type SuggestPointsOptions, suggestPoints } from 'coarsely/suggest';
import { setThreads, tensorFrom, threads } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openEvidence } from '#suggest/evidence.js';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';
import { smallConfig } from '../training/training-fixtures.js';

let playground: Playground;
let quickRun: string;
let fullRun: string;
let threadsBefore: number;
beforeAll(async () => {
  threadsBefore = threads();
  playground = await createQuickPlayground();
  const train = async (name: string, config: Parameters<typeof trainRun>[0]) => {
    const runFolder = playground.runFolder(name);
    await trainRun(config, { runFolder, environment: null });
    return runFolder;
  };
  quickRun = await train(
    'quick',
    quickConfig(playground.root, { training: { iterations: 60, evaluateEvery: 60 } }),
  );
  fullRun = await train(
    'full',
    smallConfig(playground.root, { training: { iterations: 2, evaluateEvery: 2 } }),
  );
});
afterAll(async () => {
  setThreads(threadsBefore);
  await playground.remove();
});

interface Point {
  readonly x: number;
  readonly y: number;
  readonly class: string | number | null;
  readonly suggested?: string;
  readonly reason?: string;
  readonly simulated?: string;
}

interface Questions {
  readonly width: number;
  readonly height: number;
  readonly points: readonly Point[];
}

let folders = 0;
/** Asks into a new folder, or the given one, and reads its files by name. */
async function ask(run: string, options: SuggestPointsOptions = {}) {
  const output = options.output ?? join(playground.root, `points-${folders++}`);
  const summary = await suggestPoints(run, { count: 6, ...options, output });
  return { output, summary, files: read(output) };
}

function read(output: string): Map<string, Questions> {
  const folder = join(output, 'train');
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8'))]));
}

async function labelsOf(kind: 'coarse' | 'fine', file: string) {
  const classList = await readClassList(join(playground.root, 'classes.json'));
  const path = join(playground.root, kind, 'train', file.replace('.json', '.png'));
  return { classList, map: await readLabels(path, classList) };
}

test('every image gets questions about pixels without a label', async () => {
  const { files, summary } = await ask(quickRun);
  const dataset = await openDataset({
    kind: 'folder',
    root: playground.root,
    split: 'train',
    labels: 'coarse',
  });
  expect(files.size).toBe(dataset.length);
  expect(summary).toMatchObject({
    images: 6,
    questions: 36,
    openQuestions: 36,
    strategy: 'combined',
    simulated: null,
  });
  expect(summary.reasons.reduce((sum, { questions }) => sum + questions, 0)).toBe(36);
  expect(summary.classes.reduce((sum, { questions }) => sum + questions, 0)).toBe(36);
  expect(summary.classes.reduce((sum, { pixelShare }) => sum + pixelShare, 0)).toBeCloseTo(1, 5);
  const names = dataset.classes.map(({ name }) => name);
  for (const [file, { width, height, points }] of files) {
    expect([width, height]).toEqual([96, 64]);
    expect(points).toHaveLength(6);
    const { map } = await labelsOf('coarse', file);
    for (const point of points) {
      expect(map.labels[point.y * width + point.x]).toBe(255);
      expect(point.class).toBeNull();
      expect(names).toContain(point.suggested);
      expect(['uncertainty', 'balance', 'diversity', 'coverage', 'chance']).toContain(point.reason);
    }
    expect(new Set(points.map(({ x, y }) => `${x},${y}`)).size).toBe(6);
  }
});

test('the same seed asks the same, and another seed something else', async () => {
  const [first, second, other] = [await ask(quickRun), await ask(quickRun), await ask(quickRun, { seed: 1 })];
  expect(second.files).toEqual(first.files);
  expect(other.files).not.toEqual(first.files);
});

describe('answers', () => {
  test('stay as they are, with what else the file says, and open questions count', async () => {
    const { output } = await ask(quickRun, { count: 4 });
    const [file = ''] = [...read(output).keys()];
    const path = join(output, 'train', file);
    const before = JSON.parse(readFileSync(path, 'utf8'));
    const { classList } = await labelsOf('coarse', file);
    const name = classList.classes[1]?.name;
    before.points[0].class = name;
    before.points[1].class = 0;
    before.points[1].remark = 'seen through a window';
    before.annotator = 'A. Person';
    writeFileSync(path, JSON.stringify(before));
    const { summary, files } = await ask(quickRun, { output, count: 4, seed: 5 });
    const after = files.get(file) as unknown as typeof before;
    expect(after.points.slice(0, 4)).toEqual([
      before.points[0],
      { ...before.points[1], class: classList.classes[0]?.name },
      before.points[2],
      before.points[3],
    ]);
    expect(after.points).toHaveLength(6);
    expect(after.annotator).toBe('A. Person');
    expect(new Set(after.points.map(({ x, y }: Point) => `${x},${y}`)).size).toBe(6);
    // The two answered questions were replaced by two new ones; the other images are untouched.
    expect(summary).toMatchObject({ questions: 2, keptAnswers: 2, keptQuestions: 22, openQuestions: 24 });
  });

  test('stay when open questions are asked anew', async () => {
    const { output, files: before } = await ask(quickRun, { count: 4 });
    const [file = ''] = [...before.keys()];
    const path = join(output, 'train', file);
    const [answered, ...open] = (before.get(file) as Questions).points;
    const given = { ...answered, class: 'sky' };
    writeFileSync(path, JSON.stringify({ width: 96, height: 64, points: [given, ...open] }));
    const { summary, files } = await ask(quickRun, { output, count: 3, seed: 9, renew: true });
    expect(files.get(file)?.points[0]).toEqual(given);
    expect(files.get(file)?.points).toHaveLength(4);
    expect(summary).toMatchObject({ droppedQuestions: 23, keptAnswers: 1, questions: 18, openQuestions: 18 });
  });

  test('of a simulated annotator are those of the fine labels, and marked', async () => {
    const { files, summary } = await ask(quickRun, { answers: 'fine', where: 'all', count: 20 });
    let [answers, right, none] = [0, 0, 0];
    for (const [file, { width, points }] of files) {
      const { classList, map } = await labelsOf('fine', file);
      for (const { x, y, class: answer, simulated, suggested } of points) {
        const label = map.labels[y * width + x] as number;
        expect(answer).toBe(label === 255 ? null : classList.classes[label]?.name);
        expect(simulated).toBe('fine');
        if (answer === null) none++;
        else answers++;
        if (answer !== null && answer === suggested) right++;
      }
    }
    expect(summary.simulated).toEqual({ labels: 'fine', answers, none, asSuggested: right });
    expect(summary.openQuestions).toBe(0);
    expect(summary.questionsOnLabels).toBeGreaterThan(20);
  });

  test('of a simulated annotator are given to open questions of before, and to no answered one', async () => {
    const { output, files: before } = await ask(quickRun, { count: 4 });
    const [file = ''] = [...before.keys()];
    const path = join(output, 'train', file);
    const [answered, ...open] = (before.get(file) as Questions).points;
    const { classList, map } = await labelsOf('fine', file);
    const truth = map.labels[(answered?.y ?? 0) * 96 + (answered?.x ?? 0)] as number;
    // A wrong answer of a person is still theirs.
    const wrong = { ...answered, class: classList.classes[truth === 0 ? 1 : 0]?.name };
    writeFileSync(path, JSON.stringify({ width: 96, height: 64, points: [wrong, ...open] }));
    const { files, summary } = await ask(quickRun, { output, count: 3, answers: 'fine' });
    expect(files.get(file)?.points[0]).toEqual(wrong);
    expect(
      files
        .get(file)
        ?.points.slice(1)
        .every(({ simulated }) => simulated === 'fine'),
    ).toBe(true);
    // Three of four questions of the first image were open, and four of each other one.
    expect(summary).toMatchObject({ questions: 0, keptAnswers: 1, openQuestions: 0 });
    expect((summary.simulated?.answers ?? 0) + (summary.simulated?.none ?? 0)).toBe(23);
  });
});

test('a run that was trained whole asks too, by its own predictions', async () => {
  const options = { strategy: { kind: 'diversity' } };
  const { files, summary } = await ask(fullRun, options);
  expect(summary).toMatchObject({ usesStored: false, questions: 36 });
  expect(summary.reasons).toEqual([{ reason: 'diversity', questions: 36 }]);
  expect(files.size).toBe(6);
  expect((await ask(fullRun, options)).files).toEqual(files);
});

test('the features that a quick run keeps on disk are read, and no image is seen by the network', async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(playground.root, '../cache'));
  const runFolder = playground.runFolder('kept');
  const config = quickConfig(playground.root, { quick: { diskMiB: 64 } });
  await trainRun(config, { runFolder, environment: null });
  const { summary, files } = await ask(runFolder);
  expect(summary).toMatchObject({ usesStored: true, computed: 0 });
  // Without the files the same features are computed, and the questions are the same.
  vi.stubEnv('XDG_CACHE_HOME', join(playground.root, '../empty-cache'));
  const anew = await ask(runFolder);
  expect(anew.summary.computed).toBe(6);
  expect(anew.files).toEqual(files);
});

test('stored features give the likelihoods of the network', async () => {
  using run = await loadRun(quickRun);
  const dataset = await openDataset(datasetSection(run.config.data, 'train'));
  const options = { dataset, files: dataset, needsFeatures: false };
  using stored = await openEvidence(run, options);
  // Without its `quick` section, the same network is run on the images, and stored features are not read.
  using whole = await openEvidence({ ...run, config: { ...run.config, quick: null } }, options);
  expect([stored.usesStored, whole.usesStored]).toEqual([true, false]);
  for (const index of [0, 5]) {
    const [one, other] = [await stored.read(index), await whole.read(index)];
    expect(one.labels).toEqual(other.labels);
    const shape = [one.likelihoods.length];
    using first = tensorScope(one.likelihoods, shape);
    // Features of the pixel and logits of the pixel are interpolated in another order, which ReLU tells apart a little.
    expect(first.tensor).toBeAllclose(other.likelihoods, { absolute: 0.15 });
    const mean = one.likelihoods.reduce(
      (sum, value, place) => sum + Math.abs(value - (other.likelihoods[place] ?? 0)),
      0,
    );
    expect(mean / one.likelihoods.length).toBeLessThan(0.01);
  }
});

function tensorScope(values: Float32Array, shape: readonly number[]) {
  const tensor = tensorFrom(values, { dtype: 'float32', shape });
  return { tensor, [Symbol.dispose]: () => tensor.dispose() };
}

test('a dataset that lists the classes in another order is asked about by name', async () => {
  const other = join(playground.root, '../reordered');
  cpSync(playground.root, other, { recursive: true });
  const path = join(other, 'classes.json');
  const { classes } = JSON.parse(readFileSync(path, 'utf8'));
  const order = [...classes.keys()].reverse() as number[];
  writeFileSync(path, JSON.stringify({ classes: order.map((index) => classes[index]) }));
  for (const labels of ['coarse', 'fine']) {
    for (const file of readdirSync(join(other, labels, 'train'))) {
      const map = await readLabels(join(other, labels, 'train', file), { classes, ignoredValue: 255 });
      const moved = map.labels.map((label) => (label === 255 ? 255 : order.indexOf(label)));
      writeFileSync(join(other, labels, 'train', file), encodeLabelPng(moved, map));
    }
  }
  const notices: string[] = [];
  const own = await ask(quickRun, { answers: 'fine' });
  const { files } = await ask(quickRun, {
    answers: 'fine',
    data: other,
    onNotice: (line) => notices.push(line),
  });
  expect(files).toEqual(own.files);
  expect(notices.join()).toContain('labels are matched by name');
});

describe('what cannot be used is refused in one line', () => {
  test.each([
    [{ count: 0 }, 'expected a count of at least 1 question an image, received 0'],
    [{ strategy: { kind: 'best' } }, "unknown suggestion strategy 'best'"],
    [{ strategy: { kind: 'combined', noise: -1 } }, 'expected noise of at least 0, received -1'],
    [{ answers: 'exact' }, 'exact'],
    [{ split: 'test' }, 'test'],
    [{ data: '/nowhere' }, '/nowhere'],
  ] satisfies [SuggestPointsOptions, string][])('%j', async (options, message) => {
    const output = join(playground.root, 'refused');
    await expect(suggestPoints(quickRun, { ...options, output })).rejects.toThrow(message);
    expect(existsSync(output)).toBe(false);
  });

  test('a folder that is no run', async () => {
    await expect(suggestPoints(playground.root)).rejects.toThrow("is not a run's folder");
  });

  test('points of another size, of an unknown class, or in a PNG', async () => {
    const { output, files } = await ask(quickRun, { count: 1 });
    const [file = ''] = [...files.keys()];
    const path = join(output, 'train', file);
    const again = () => suggestPoints(quickRun, { output, count: 2 });
    writeFileSync(path, JSON.stringify({ width: 64, height: 96, points: [] }));
    await expect(again()).rejects.toThrow(
      `${path}: holds points of an image of 64×96 pixels, and the image has 96×64`,
    );
    writeFileSync(path, JSON.stringify({ width: 96, height: 64, points: [{ x: 1, y: 1, class: 'ski' }] }));
    await expect(again()).rejects.toThrow(/ski.*did you mean 'sky'/);
    writeFileSync(path, '{');
    await expect(again()).rejects.toThrow(path);
    expect(readFileSync(path, 'utf8')).toBe('{');
    const png = path.replace('.json', '.png');
    renameSync(path, png);
    await expect(again()).rejects.toThrow(`${png}: holds the points of this image`);
  });

  test('a folder that is a file', async () => {
    const output = join(playground.root, 'a-file');
    mkdirSync(join(playground.root, 'b'), { recursive: true });
    writeFileSync(output, '');
    await expect(suggestPoints(quickRun, { output })).rejects.toThrow(output);
  });
});
