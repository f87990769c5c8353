import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApi } from '#server/api.js';
import { createContext } from '#server/context.js';
import { viewWorkspace, writeSmallDataset } from '../support/view-workspace.js';
import { coarsely } from './run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-stop-'));
  await writeSmallDataset(path.join(folder, 'data'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = [
  ...['train', 'scenes-cross-entropy', '--data', 'data', '--name', 'stopped'],
  ...[
    'training.iterations=2000',
    'training.batchSize=2',
    'training.logEvery=1',
    'data.augmentation.cropSize=[32, 32]',
    'data.workers=1',
    'model.head.channels=8',
    'model.auxiliary.channels=8',
  ].flatMap((change) => ['--set', change]),
];

test('the page stops a run that trains, which then stands at a checkpoint of its last step', async () => {
  const context = createContext(viewWorkspace(folder));
  const api = createApi(context);
  const listed = async () => {
    const { runs } = (await (await api.request('/runs')).json()) as { runs: unknown[] };
    return runs[0];
  };
  let answer: Promise<Response> | null = null;
  let whileTraining: Promise<unknown> | null = null;
  const ended = await coarsely(train, {
    cwd: folder,
    onOutput: (stdout) => {
      if (answer !== null || !stdout.includes('step 2/2000')) return;
      whileTraining = listed();
      answer = Promise.resolve(
        api.request('/runs/stop', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ run: 'stopped' }),
        }),
      );
    },
  });
  expect(await whileTraining, ended.stderr).toMatchObject({ activity: 'training' });
  expect((await (answer as Promise<Response> | null))?.status).toBe(202);
  expect(ended.code).toBe(130);
  expect(ended.stdout).toContain('interrupted; continue with:\n  coarsely train --resume runs/stopped');
  const run = path.join(folder, 'runs/stopped');
  const { step } = JSON.parse(readFileSync(path.join(run, 'state.json'), 'utf8')) as { step: number };
  expect(step).toBeLessThan(2000);
  expect(await listed()).toMatchObject({ activity: 'stopped', process: null, step });
  await context.close();
});
