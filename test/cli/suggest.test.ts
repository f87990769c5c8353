/** Runs `coarsely suggest` as a person does, from a quick run to a training with the answers. */

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainRun } from 'coarsely/quick';
import { setThreads, threads } from 'coarsely/torch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';
import { coarsely } from './run-command.js';

let playground: Playground;
let run: string;
let threadsBefore: number;
beforeAll(async () => {
  threadsBefore = threads();
  playground = await createQuickPlayground();
  run = playground.runFolder('quick');
  await trainRun(quickConfig(playground.root), { runFolder: run, environment: null });
});
afterAll(async () => {
  setThreads(threadsBefore);
  await playground.remove();
});

test('says what was asked, why, and what to do next; and its last line trains with the answers', async () => {
  const { code, stdout, stderr } = await coarsely(['suggest', run, '--count', '5', '--answers', 'fine']);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^30 new questions about 6 images: combined, by features/);
  expect(lines[1]).toMatch(/^no label covers \d+\.\d % of the pixels$/);
  expect(stdout).toMatch(
    /answered by labels 'fine', as an annotator would: \d+ classes \(\d+\.\d % as suggested\)/,
  );
  expect(stdout).toMatch(/^why +questions +%$/m);
  expect(stdout).toMatch(/^looks like +questions +% +% of pixels +is$/m);
  expect(lines).toContain(`points are in ${join(playground.root, 'points/train')}`);
  const command = `coarsely train ${join(run, 'config.yaml')} --set data.points.split=train`;
  expect(lines.at(-1)).toBe(`  ${command}`);
  const output = playground.runFolder('next');
  const trained = await coarsely([...command.split(' ').slice(1), '--output', output]);
  expect(trained.code, trained.stderr).toBe(0);
  expect(existsSync(join(output, 'quick', 'state.json'))).toBe(true);
});

test('leaves questions open for a person, and names the folder of points', async () => {
  const output = join(playground.root, 'points-by-hand');
  const asked = await coarsely(['suggest', run, '--count', '2', '--output', output, '--strategy', 'random']);
  expect(asked.code).toBe(0);
  expect(asked.stdout).toContain(
    `next: answer 12 questions in ${join(output, 'train')}: write the class in place of null`,
  );
  expect(asked.stdout).toContain('--set data.points.split=train --set data.points.labels=points-by-hand');
  const [file = ''] = readdirSync(join(output, 'train'));
  const path = join(output, 'train', file);
  const text = readFileSync(path, 'utf8');
  expect(text.split('\n').filter((line) => line.includes('"reason":"chance"'))).toHaveLength(2);
  const again = await coarsely(['suggest', run, '--count', '2', '--output', output]);
  expect(again.stdout).toContain('0 new questions about 6 images');
  expect(again.stdout).toContain('12 open questions of before kept (--renew asks anew)');
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('prints JSON, and takes options of the strategy', async () => {
  const output = join(playground.root, 'points-json');
  const words = ['suggest', run, '--count', '3', '--output', output, '--json'];
  const { stdout } = await coarsely([
    ...words,
    '--set',
    'uncertainty=0',
    '--set',
    'balance=0',
    '--set',
    'coverage=5',
  ]);
  const summary = JSON.parse(stdout);
  expect(summary).toMatchObject({ images: 6, questions: 18, strategy: 'combined', split: 'train', output });
  expect(summary.reasons.map(({ reason }: { reason: string }) => reason).sort()).toEqual(
    expect.not.arrayContaining(['uncertainty', 'balance']),
  );
});

test.each([
  [['--strategy', 'best'], 1, "unknown suggestion strategy 'best' (known: combined, uncertainty"],
  [['--set', 'balanc=1'], 1, 'did you mean balance?'],
  [['--set', 'kind=random'], 2, 'name the strategy with --strategy'],
  [['--count', '0'], 2, 'expected a whole number, 1 or greater'],
  [['--where', 'nowhere'], 2, 'Allowed choices are uncovered, all'],
  [['--data', '/no/such/folder'], 1, '/no/such/folder'],
  [['--answers', 'exact'], 1, 'exact'],
] as const)('%j is refused', async (words, code, message) => {
  const refused = await coarsely(['suggest', run, ...words]);
  expect(refused.code).toBe(code);
  expect(refused.stderr).toContain(message);
  expect(refused.stderr.trim().split('\n').length).toBeLessThan(3);
});

test('a folder that is no run is refused', async () => {
  const dataset = await coarsely(['suggest', playground.root]);
  expect(dataset.code).toBe(2);
  expect(dataset.stderr).toContain('is a dataset; say how many of its pixels to ask about: --points N');
  const other = await coarsely(['suggest', join(playground.root, 'coarse')]);
  expect(other.code).toBe(1);
  expect(other.stderr).toContain("is not a run's folder");
});

test('trains a run of a dataset first, and its tasks are answered, applied and trained on', async () => {
  const folder = join(playground.root, '..', 'tasks');
  mkdirSync(folder);
  const config = join(run, 'config.yaml');
  const words = ['suggest', playground.root, '--points', '12', '--config', config, '--answers', 'fine'];
  const asked = await coarsely([...words, '--set', 'training.iterations=2', '--set', 'uncertainty=1'], {
    cwd: folder,
  });
  expect(asked.code, asked.stderr).toBe(0);
  expect(asked.stderr).toMatch(
    /is a dataset: a quick run is trained on its coarse labels first and kept in runs/,
  );
  const lines = asked.stdout.trimEnd().split('\n');
  expect(asked.stdout).toMatch(
    /^12 tasks about \d of 6 images, at most \d about one: combined, by features/m,
  );
  expect(lines.at(-2)).toBe('  coarsely apply tasks.json scenes-answered');
  expect(existsSync(join(folder, 'runs/suggest-scenes/state.json'))).toBe(true);

  const applied = await coarsely((lines.at(-2) as string).trim().split(' ').slice(1), { cwd: folder });
  expect([applied.code, applied.stderr]).toEqual([0, '']);
  expect(applied.stdout).toMatch(/^12 decisions of 1 file \(fine 12\): point 12$/m);
  expect(lines.at(-1)).toBe(
    `  coarsely train ${config} --data scenes-answered --set data.points.split=train`,
  );
});

test('--points and --count are refused together', async () => {
  const refused = await coarsely(['suggest', run, '--points', '3', '--count', '4']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('--points counts the pixels of all images together');
});
