/** Runs `coarsely experiment` as a person does: real processes, a tiny dataset, and every way of being interrupted. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { writeScenes } from 'coarsely/scenes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingProcess } from '#runs/run-lock.js';
import { coarsely } from '../cli/run-command.js';
import { learnedLines } from '../support/recorded-lines.js';

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
  return learnedLines(path.join(folder, output, 'runs', run));
}

describe('coarsely experiment', () => {
  it('runs rows, writes the table, skips what is done, and refuses another config in the same folder', async () => {
    const rows = ['--rows', 'coarse-cross-entropy,coarse-linear-arm', '--iterations', '2'];
    const first = await coarsely(words('done', ...rows), { cwd: folder });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^\[2\/2\] coarse-linear-arm-seed0: done, mIoU \d+\.\d in /m);
    const table = readFileSync(path.join(folder, 'done/table1.md'), 'utf8');
    expect(table).toMatch(
      /^\| Linear ARM \| ✓ \| \d+\.\d\d \| \d+\.\d\d \| \d+\.\d\d \| \S+ \| – \| 1 \| 93\.92 /m,
    );
    expect(table).toMatch(/^\| Linear ARM \| {2}\| – \| – \| – \| – \| – \| 0 \| 30\.72 /m);
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
    expect(table).toMatch(/^\| Base model \| {2}\| NaN \| NaN \| NaN \| {2}\| {2}\| 1 \|/m);
    expect(table).toMatch(/^- coarse-cross-entropy-seed0 ended early: the loss became /m);
    const again = await coarsely(words('lost', ...rows, ...rate), { cwd: folder });
    expect(again.stdout).toContain('coarse-cross-entropy-seed0: NaN (already)');
    expect(again.stdout).not.toContain('started');
  });

  const run = 'coarse-cross-entropy-seed0';
  const eightSteps = ['--rows', 'coarse-cross-entropy', '--iterations', '8'];
  let whole: Promise<string> | null = null;
  /** What a run of eight steps writes when nothing disturbs it. */
  const wholeMetrics = () => {
    whole ??= coarsely(words('whole', ...eightSteps), { cwd: folder }).then(() => metrics('whole', run));
    return whole;
  };

  it('continues after a closed terminal and after Ctrl-C with the same results', async () => {
    await endWhen('broken', eightSteps, { step: 2, end: (queue) => queue.kill('SIGHUP') });
    expect(owner('broken', run)).toBeNull();
    expect(metrics('broken', run)).not.toContain('"split":"val"');
    await endWhen('broken', eightSteps, { step: 4, end: (queue) => queue.kill('SIGINT') });
    const last = await coarsely(words('broken', ...eightSteps), { cwd: folder });
    expect(last).toMatchObject({ code: 0, stderr: '' });
    expect(last.stdout).toMatch(/: resumed from step [4567]$/m);
    expect(metrics('broken', run)).toBe(await wholeMetrics());
  });

  it('reports a killed run without a NaN in the table, and continues it', async () => {
    const code = await endWhen('killed', eightSteps, {
      step: 2,
      end: () => process.kill(owner('killed', run) ?? Number.NaN, 'SIGKILL'),
    });
    expect(code).toBe(1);
    const table = readFileSync(path.join(folder, 'killed/table1.md'), 'utf8');
    expect(table).toMatch(/^\| Base model \| {2}\| – \| – \| – \| {2}\| {2}\| 0 \|/m);
    expect(table).toContain(`- ${run} ended early: its process was ended by SIGKILL`);
    const again = await coarsely(words('killed', ...eightSteps), { cwd: folder });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(/: resumed from step [2-7]$/m);
    expect(metrics('killed', run)).toBe(await wholeMetrics());
  });

  it('lets its runs finish by themselves when it is killed, and never trains one twice', async () => {
    await endWhen('orphan', eightSteps, { step: 2, end: (queue) => queue.kill('SIGKILL') });
    expect(owner('orphan', run)).not.toBeNull();
    const next = await coarsely(words('orphan', ...eightSteps), { cwd: folder });
    expect(next).toMatchObject({ code: 0, stderr: '' });
    expect(next.stdout).toMatch(new RegExp(`^${run}: done, .* \\(already\\)$`, 'm'));
    expect(next.stdout).not.toMatch(/started|resumed/);
    expect(metrics('orphan', run)).toBe(await wholeMetrics());
  });

  it('starts a diverged run again on request, and keeps its folder', async () => {
    const before = metrics('lost', run);
    const rows = ['--rows', 'coarse-cross-entropy', '--iterations', '4', '--retry-failed'];
    const rate = ['--set', 'optimizer.learningRate=1e30', '--set', 'schedule.warmup=0'];
    const again = await coarsely(words('lost', ...rows, ...rate), { cwd: folder });
    expect(again.stdout).toMatch(
      new RegExp(`^${run}: the run that failed is kept as .*${run}-failed-1$`, 'm'),
    );
    expect(again.stdout).toMatch(new RegExp(`^${run}: started$`, 'm'));
    expect(again.stdout).toMatch(/: NaN: the loss became /);
    expect(metrics('lost', `${run}-failed-1`)).toBe(before);
    expect(metrics('lost', run)).toBe(before);
    // The other row of the first start is still in the table.
    const table = readFileSync(path.join(folder, 'lost/table1.md'), 'utf8');
    expect(table).toMatch(/^\| Linear ARM \| ✓ \| NaN \|/m);
  });

  it.each([
    [['--weights', 'resnet18=a.pth'], '--weights is of --scale paper'],
    [
      ['--rows', 'coarse-meta-weight-net', '--set', 'data.clean.count=5'],
      'data.clean.count is 5, but train has only 4 images; take fewer with --set data.clean.count=4',
    ],
  ])('refuses %j before anything runs', async (more, message) => {
    const result = await coarsely(['experiment', 'baselines', ...words('refused').slice(2), ...more], {
      cwd: folder,
    });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(message);
    expect(existsSync(path.join(folder, 'refused'))).toBe(false);
  });

  it('makes points for the table from coarse to fine, trains with them, and writes rows with costs', async () => {
    const shared = [
      '--data',
      'scenes',
      '--output',
      'costs',
      '--seeds',
      '1',
      '--jobs',
      '1',
      '--iterations',
      '2',
    ];
    const rows = ['--rows', 'fine-cross-entropy,coarse-trim-points30,coarse-cross-entropy-fine5'];
    const first = await coarsely(['experiment', 'coarse-to-fine', ...shared, ...changes, ...rows], {
      cwd: folder,
    });
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toMatch(
      /wrote \d+ points of 4 images to .*costs.points.30.train: drawn from the fine labels/,
    );
    expect(existsSync(path.join(folder, 'scenes/points'))).toBe(false);
    const { rows: written, notes } = JSON.parse(
      readFileSync(path.join(folder, 'costs/coarse-to-fine.json'), 'utf8'),
    );
    expect(written.map(({ recipe, hours }: { recipe: string; hours: number }) => [recipe, hours])).toEqual([
      ['Cross-entropy', 6],
      ['Trim, 5 %', 0.5333],
      // Four coarse images and one fine one.
      ['Cross-entropy', 1.9667],
    ]);
    expect(notes.at(-1)).toContain('coarsely experiment coarse-to-fine --scale small');
    const again = await coarsely(['experiment', 'coarse-to-fine', ...shared, ...changes, ...rows], {
      cwd: folder,
    });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).not.toContain('started');
  });

  it('plans one run at a time on a device that all runs share', async () => {
    const scenes = words('planned', '--dry-run', '--iterations', '2').filter(
      (word, index, all) => word !== '--jobs' && all[index - 1] !== '--jobs',
    );
    const parallel = availableParallelism();
    expect((await coarsely(scenes, { cwd: folder })).stdout).toContain(`, ${parallel} at a time;`);
    const onDevice = await coarsely([...scenes, '--set', 'device=cuda'], { cwd: folder });
    expect(onDevice.stdout).toContain(', 1 at a time;');
  });
});

/** The process that trains a run; null when there is none. */
function owner(output: string, run: string): number | null {
  return trainingProcess(path.join(folder, output, 'runs', run))?.pid ?? null;
}

interface EndOptions {
  readonly step: number;
  readonly end: (queue: ChildProcess) => unknown;
}

/** Starts the queue, and calls `end` once its run trains and has a checkpoint of `step`. Resolves to its exit code. */
function endWhen(output: string, rows: readonly string[], { step, end }: EndOptions): Promise<number | null> {
  const main = path.resolve(import.meta.dirname, '../../dist/cli/main.js');
  const child = spawn(process.execPath, [main, ...words(output, ...rows)], { cwd: folder, stdio: 'ignore' });
  const state = path.join(folder, output, 'runs/coarse-cross-entropy-seed0/state.json');
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (!existsSync(state) || owner(output, 'coarse-cross-entropy-seed0') === null) return;
      if ((JSON.parse(readFileSync(state, 'utf8')) as { step: number }).step < step) return;
      clearInterval(watch);
      end(child);
    }, 20);
    child.on('exit', (code) => {
      clearInterval(watch);
      resolve(code);
    });
  });
}
