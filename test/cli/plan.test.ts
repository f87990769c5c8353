/** `coarsely plan` from the command line, on a few generated scenes. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ResNet } from 'coarsely/models';
import { Generator, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coarsely } from './run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-plan-'));
  const { code } = await coarsely(['scenes', 'scenes', '--train', '8', '--val', '4', '--size', '64x48'], {
    cwd: folder,
  });
  expect(code).toBe(0);
  using generator = new Generator(99);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  writeSafetensors(path.join(folder, 'backbone.safetensors'), backbone.stateDict());
  backbone.dispose();
  const config = [
    'extends: quick',
    'threads: 1',
    'model:',
    '  backbone: { kind: resnet18, frozen: true, weights: backbone.safetensors }',
    '  head: { kind: hypercolumn, hidden: [8] }',
    'quick: { pixels: 64, memoryMiB: 8, diskMiB: 64 }',
    'training: { iterations: 2, evaluateEvery: 2, checkpointEvery: 2 }',
  ];
  writeFileSync(path.join(folder, 'small.yaml'), `${config.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plan(words: readonly string[], onOutput?: Parameters<typeof coarsely>[1]) {
  return coarsely(['plan', ...words], {
    ...onOutput,
    cwd: folder,
    environment: { XDG_CACHE_HOME: path.join(folder, 'cache') },
  });
}

it('stops at Ctrl-C, goes on where it was, and says what to label next', async () => {
  const words = ['small.yaml', '--data', 'scenes', '--seeds', '1', '--output', 'next'];
  let sent = false;
  const stopped = await plan(words, {
    onOutput: (stdout, child) => {
      if (sent || !stdout.includes('[2/')) return;
      sent = true;
      child.kill('SIGINT');
    },
  });
  expect(stopped.code).toBe(130);
  expect(stopped.stdout).toMatch(/^\d+ heads to train, about \d+:\d\d$/m);
  expect(stopped.stdout).toMatch(/^\[1\/\d+\] coarse 1 {2}seed 0 {2}mIoU \d+\.\d {2}ETA \d+:\d\d$/m);
  expect(stopped.stdout).toContain(
    'interrupted; run the same command again to continue:\n  coarsely plan small.yaml',
  );
  expect(existsSync(path.join(folder, 'next/plan.md'))).toBe(false);

  const done = await plan(words);
  expect(done.stderr).toMatch(/^(note: .*\n)*$/);
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/^\d+ heads to train, about \d+:\d\d; \d+ scores are known already$/m);
  expect(done.stdout).toContain('assumed: A coarse image takes 7 min, a fine one 90 min, a point 2 s.\n');
  const plans = JSON.parse(readFileSync(path.join(folder, 'next/plan.json'), 'utf8')) as {
    recommendation: { sentence: string };
  };
  expect(done.stdout).toContain(
    `${plans.recommendation.sentence}\nwrote next/plan.md, next/plan.json and next/plan.svg\n`,
  );

  const asked = await plan([...words, '--costs', 'coarse=1min', '--hours', '2']);
  expect(asked.stdout).not.toContain('to train');
  expect(readFileSync(path.join(folder, 'next/plan.md'), 'utf8')).toContain('120 more coarse images');
});

it.each([
  [
    ['--costs', 'coarse=7days'],
    1,
    'costs: coarse=7days: the unit days is not known; expected a list such as',
  ],
  [['--costs', 'polygon=7min'], 1, 'costs: polygon is no kind of label'],
  [['--hours', '0'], 2, 'expected a number above 0.'],
  [['--set', 'data.train.split=val'], 1, 'is the training split too'],
  [['--set', 'data.train.labels=none'], 1, 'no such folder'],
])('refuses %o in a line or two', async (words, code, message) => {
  const refused = await plan(['small.yaml', '--data', 'scenes', '--output', 'refused', ...words]);
  expect(refused.stderr).toContain(message);
  expect(refused.stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
  expect(refused.code).toBe(code);
  expect(existsSync(path.join(folder, 'refused'))).toBe(false);
});
