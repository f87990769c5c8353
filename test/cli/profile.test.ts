/** `coarsely train --profile`: the table at the end, the file in the run's folder, the section of the report. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coarsely } from './run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-profile-'));
  const size = ['--train', '4', '--val', '2', '--size', '64x64'];
  const { code, stderr } = await coarsely(['scenes', 'scenes', ...size], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny = [
  'training.batchSize=2',
  'training.iterations=6',
  'training.evaluateEvery=100',
  'data.augmentation.cropSize=[32, 32]',
  'data.workers=1',
  'model.head.channels=16',
  'model.auxiliary=null',
].flatMap((change) => ['--set', change]);

it('measures the steps after the first three, prints them, keeps them and shows them', async () => {
  const train = ['train', 'scenes-arm', '--data', 'scenes', ...tiny, '--name', 'profiled', '--profile', '2'];
  const { code, stdout, stderr } = await coarsely(train, { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^profile of steps 4 to 5 \(\d+ threads?, \w+\)$/m);
  expect(stdout).toMatch(/^phase +ms\/step +share +peak memory$/m);
  for (const phase of ['data wait', 'forward', 'loss', 'backward', 'optimizer', 'other', 'whole step']) {
    expect(stdout).toMatch(new RegExp(`^${phase} +\\d+\\.\\d+ .*(MiB|GiB)$`, 'm'));
  }
  expect(stdout).toMatch(/^operator \(its own time\) +phase +calls\/step +ms\/step +share$/m);
  expect(stdout).toMatch(
    /^Most of a step is (forward|backward) \(\d+ %\); convolutions take \d+ % of the step\.$/m,
  );

  const profile = JSON.parse(readFileSync(path.join(folder, 'runs', 'profiled', 'profile.json'), 'utf8'));
  expect(profile).toMatchObject({ steps: 2, firstStep: 4, device: 'cpu' });
  const backward = profile.operators.filter((operator: { phase: string }) => operator.phase === 'backward');
  expect(backward.length).toBeGreaterThan(3);
  const own = profile.operators.reduce((sum: number, { seconds }: { seconds: number }) => sum + seconds, 0);
  const whole = profile.phases.reduce((sum: number, { seconds }: { seconds: number }) => sum + seconds, 0);
  expect(own).toBeGreaterThan(0);
  expect(own).toBeLessThan(whole);

  const report = await coarsely(['report', 'runs/profiled'], { cwd: folder });
  expect(report.stderr).toBe('');
  const page = readFileSync(path.join(folder, 'runs', 'profiled', 'report.html'), 'utf8');
  expect(page).toContain('Time and memory of a step');
  expect(page).toContain('2 steps from step 4');
}, 120_000);

it('a run shorter than the warm-up still has a profile, and one without the option has none', async () => {
  const short = ['train', 'scenes-arm', '--data', 'scenes', ...tiny, '--set', 'training.iterations=2'];
  const profiled = await coarsely([...short, '--name', 'short', '--profile'], { cwd: folder });
  expect(profiled.stdout).toMatch(/^profile of step 2 /m);
  const plain = await coarsely([...short, '--name', 'plain'], { cwd: folder });
  expect(plain.stdout).not.toContain('profile of');
  const wrong = await coarsely([...short, '--profile', 'many'], { cwd: folder });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('--profile');
}, 120_000);
