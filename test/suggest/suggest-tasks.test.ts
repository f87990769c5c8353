/** Asks about pixels of a whole dataset with a trained run, and reads the file of tasks. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readClassList, readLabels } from 'coarsely/data';
import { trainRun } from 'coarsely/quick';
import { applyJournals, type PointTask, readTaskFile } from 'coarsely/review';
import { type SuggestTasksOptions, suggestPoints, suggestTasks } from 'coarsely/suggest';
import { setThreads, threads } from 'coarsely/torch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';

let playground: Playground;
let run: string;
let threadsBefore: number;
beforeAll(async () => {
  threadsBefore = threads();
  playground = await createQuickPlayground();
  run = playground.runFolder('quick');
  const config = quickConfig(playground.root, { training: { iterations: 2, evaluateEvery: 2 } });
  await trainRun(config, { runFolder: run, environment: null });
});
afterAll(async () => {
  setThreads(threadsBefore);
  await playground.remove();
});

async function labelsOf(kind: 'coarse' | 'fine', image: string) {
  const classList = await readClassList(join(playground.root, 'classes.json'));
  const path = join(playground.root, kind, 'train', `${image}.png`);
  return { classList, map: await readLabels(path, classList) };
}

let files = 0;
function byImageOf(tasks: readonly PointTask[]): ReadonlyMap<string, readonly PointTask[]> {
  return new Map(tasks.map(({ image }) => [image, tasks.filter((task) => task.image === image)] as const));
}

async function tasksOf(options: Partial<SuggestTasksOptions> = {}) {
  const output = options.output ?? join(playground.root, `tasks-${files++}.json`);
  const summary = await suggestTasks(run, { points: 20, ...options, output });
  return { output, summary, file: readTaskFile(output) };
}

test('are as many as wanted, about pixels without a label, spread by their scores', async () => {
  const { file, summary } = await tasksOf({ by: 'anna' });
  expect(file).toMatchObject({ dataset: playground.root, labels: 'coarse', by: 'anna' });
  expect(file.tasks).toHaveLength(20);
  const byImage = byImageOf(file.tasks);
  expect(summary).toMatchObject({
    ...{ images: 6, questions: 20, openQuestions: 20, simulated: null, strategy: 'combined' },
    askedImages: byImage.size,
    mostInImage: Math.max(...[...byImage.values()].map(({ length }) => length)),
  });
  expect([...byImage.keys()]).toEqual([...byImage.keys()].sort());
  for (const { split, image, x, y, width, height, ...task } of file.tasks) {
    const { map } = await labelsOf('coarse', image);
    expect([split, width, height]).toEqual(['train', 96, 64]);
    expect(map.labels[y * width + x]).toBe(255);
    expect(task).toEqual({ class: null, suggested: expect.any(String), reason: expect.any(String) });
  }
  expect(new Set(file.tasks.map(({ image, x, y }) => `${image} ${x} ${y}`)).size).toBe(20);
});

test('are those with the highest scores of all images', async () => {
  const strategy = { kind: 'uncertainty' };
  const few = await tasksOf({ points: 6, strategy });
  // Of each image, the first ones are those that are asked about when every image gets as many.
  const output = join(playground.root, 'points-of-each');
  await suggestPoints(run, { count: 6, strategy, output });
  for (const { image, x, y } of few.file.tasks) {
    const own = few.file.tasks.filter((task) => task.image === image).length;
    const { points } = JSON.parse(readFileSync(join(output, 'train', `${image}.json`), 'utf8'));
    const first = points.slice(0, own).map((point: { x: number; y: number }) => [point.x, point.y]);
    expect(first).toContainEqual([x, y]);
  }
});

test('leave out what is among the points of the dataset, and can be answered by exact labels', async () => {
  const first = await tasksOf({ answers: 'fine' });
  const { classList } = await labelsOf('fine', first.file.tasks[0]?.image ?? '');
  const names = [...classList.classes.map(({ name }) => name), null];
  for (const { class: answer, image, x, y, simulated } of first.file.tasks) {
    const { map } = await labelsOf('fine', image);
    const label = map.labels[y * map.width + x] as number;
    expect([answer, simulated]).toEqual([names[label] ?? null, 'fine']);
  }
  expect(first.summary.simulated?.answers).toBe(
    first.file.tasks.filter((task) => task.class !== null).length,
  );

  const answered = join(playground.root, '..', 'answered');
  await applyJournals([first.output], { output: answered });
  const second = await tasksOf({ data: answered });
  const places = (tasks: readonly PointTask[]) => tasks.map(({ image, x, y }) => `${image} ${x} ${y}`);
  expect(places(second.file.tasks)).not.toEqual(expect.arrayContaining(places(first.file.tasks).slice(0, 1)));
  const repeated = places(second.file.tasks).filter((place) => places(first.file.tasks).includes(place));
  expect(repeated).toEqual([]);
});

test('are never written over a file, and fewer where there are no more pixels', async () => {
  const output = join(playground.root, 'tasks-0.json');
  await expect(tasksOf({ output })).rejects.toThrow(/exists already and is never overwritten/);
  await expect(tasksOf({ points: 0 })).rejects.toThrow(/expected at least 1 point, received 0/);
  const { summary } = await tasksOf({ points: 3000 });
  expect(summary.questions).toBeGreaterThan(100);
  expect(summary.questionsOnLabels).toBe(0);
});
