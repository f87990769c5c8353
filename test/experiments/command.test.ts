// `coarsely experiment` as a person runs it: real processes, a tiny real dataset, and every way of being interrupted.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeScenes } from 'coarsely/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coarsely } from '../cli/run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-experiment-'));
  await writeScenes(path.join(folder, 'scenes'), {
    train: 4,
    validation: 2,
    width: 96,
    height: 64,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The smallest networks and batches, so that a run is seconds. */
const changes = [
  'training.batchSize=2',
  'training.logEvery=1',
  'training.checkpointEvery=1',
  'model.head.channels=16',
  'model.auxiliary.channels=16',
  'data.workers=0',
].flatMap((change) => ['--set', change]);

function words(output: string, ...more: string[]): string[] {
  const shared = [
    'experiment',
    'table1',
    '--data',
    'scenes',
    '--output',
    output,
    '--seeds',
    '1',
    '--jobs',
    '1',
  ];
  return [...shared, ...changes, ...more];
}

function metrics(output: string, run: string): string {
  return readFileSync(path.join(folder, output, 'runs', run, 'metrics.jsonl'), 'utf8');
}

describe('coarsely experiment', () => {
  it('runs rows, writes the table, skips what is done, and refuses another config in the same folder', async () => {
    const rows = ['--rows', 'coarse-cross-entropy,coarse-linear-arm', '--iterations', '2'];
    const first = await coarsely(words('done', ...rows), { cwd: folder });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^\[2\/2\] coarse-linear-arm-seed0: done, mIoU \d+\.\d in /m);
    const table = readFileSync(path.join(folder, 'done/table1.md'), 'utf8');
    expect(table).toMatch(
      /^\| Linear ARM \| ✓ \| \d+\.\d\d \| \d+\.\d\d \| \d+\.\d\d \| \S+ \| 1 \| 93\.92 /m,
    );
    expect(table).toMatch(/^\| Linear ARM \| {2}\| – \| – \| – \| – \| 0 \| 30\.72 /m);
    expect(table).toContain('- Command: `coarsely experiment table1 --scale small --data cityscapes=scenes');
    expect(table).toMatch(/^- Run on: libtorch /m);
    const page = readFileSync(path.join(folder, 'done/report.html'), 'utf8');
    expect(page).toContain('Table 1: Some training details about ARM');
    expect(page).toContain('Against coarse-cross-entropy');
    const before = metrics('done', 'coarse-linear-arm-seed0');

    // What the folder remembers needs no repeating.
    const again = await coarsely(['experiment', 'table1', '--output', 'done', ...rows.slice(0, 2)], {
      cwd: folder,
    });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('coarse-linear-arm-seed0: done');
    expect(again.stdout).not.toContain('started');
    expect(metrics('done', 'coarse-linear-arm-seed0')).toBe(before);

    rmSync(path.join(folder, 'done/table1.md'));
    const only = await coarsely(['experiment', 'table1', '--output', 'done', '--tables-only'], {
      cwd: folder,
    });
    expect(only).toMatchObject({ code: 0, stdout: 'wrote done/table1.md, done/report.html\n' });
    expect(existsSync(path.join(folder, 'done/runs/coarse-linear-arm-focusing-seed0'))).toBe(false);

    const other = await coarsely(words('done', '--iterations', '3'), { cwd: folder });
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain(
      'runs/coarse-cross-entropy-seed0 holds a run with training.iterations = 2, but 3 is asked for',
    );
  });

  it('shows a run whose loss is not finite as NaN, goes on, and does not try it again', async () => {
    const rows = ['--rows', 'coarse-cross-entropy,coarse-linear-arm', '--iterations', '4'];
    const rate = ['--set', 'optimizer.learningRate=1e30', '--set', 'schedule.warmup=0'];
    const first = await coarsely(words('lost', ...rows, ...rate), { cwd: folder });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^\[2\/2\] coarse-linear-arm-seed0: NaN: the loss became /m);
    const table = readFileSync(path.join(folder, 'lost/table1.md'), 'utf8');
    expect(table).toMatch(/^\| Base model \| {2}\| NaN \| NaN \| NaN \| {2}\| 1 \|/m);
    expect(table).toMatch(/^- coarse-cross-entropy-seed0 ended early: the loss became /m);
    const again = await coarsely(words('lost', ...rows, ...rate), { cwd: folder });
    expect(again.stdout).toContain('coarse-cross-entropy-seed0: NaN (before)');
    expect(again.stdout).not.toContain('started');
  });

  it('goes on after SIGKILL and after Ctrl-C as if nothing had been, and never trains a run twice', async () => {
    const rows = ['--rows', 'coarse-cross-entropy', '--iterations', '8'];
    expect(await coarsely(words('whole', ...rows), { cwd: folder })).toMatchObject({ code: 0 });
    const run = 'coarse-cross-entropy-seed0';
    await endWhen('broken', rows, 2, 'SIGKILL');
    expect(metrics('broken', run)).not.toContain('"split":"val"');
    await endWhen('broken', rows, 5, 'SIGINT');
    const last = await coarsely(words('broken', ...rows), { cwd: folder });
    expect(last).toMatchObject({ code: 0, stderr: '' });
    expect(last.stdout).toMatch(/resumed from step \d|waiting for process \d+/);
    expect(metrics('broken', run)).toBe(metrics('whole', run));
  });
});

/** Starts the queue, and ends it by `signal` once its run has a checkpoint of `step`. Resolves when it is gone. */
function endWhen(
  output: string,
  rows: readonly string[],
  step: number,
  signal: NodeJS.Signals,
): Promise<void> {
  const main = path.resolve(import.meta.dirname, '../../dist/cli/main.js');
  const child = spawn(process.execPath, [main, ...words(output, ...rows)], { cwd: folder, stdio: 'ignore' });
  const state = path.join(folder, output, 'runs/coarse-cross-entropy-seed0/state.json');
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (!existsSync(state) || (JSON.parse(readFileSync(state, 'utf8')) as { step: number }).step < step)
        return;
      clearInterval(watch);
      child.kill(signal);
    }, 20);
    child.on('exit', () => {
      clearInterval(watch);
      resolve();
    });
  });
}
