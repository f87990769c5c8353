/**
 * Checks `coarsely train --processes 2` as a user runs it: one folder, the numbers of a single process, one message
 * when something goes wrong, and runs that resume.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readRun } from 'coarsely/runs';
import { writeScenes } from 'coarsely/scenes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coarsely } from '../cli/run-command.js';
import { freePort } from './run-ranks.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-processes-'));
  await writeScenes(path.join(folder, 'scenes'), { train: 6, validation: 3, width: 96, height: 64 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = {
  'training.iterations': 4,
  'training.batchSize': 4,
  'training.logEvery': 1,
  'training.checkpointEvery': 2,
  'training.evaluateEvery': 4,
  'data.augmentation.cropSize': '[48, 64]',
  'data.workers': 0,
  'model.head.channels': 32,
  'model.head.dropout': 0,
  'model.auxiliary': null,
  normScope: 'global',
  precision: 'float32',
  threads: 1,
};

function train(name: string, changes: Readonly<Record<string, unknown>> = {}): string[] {
  const all = Object.entries({ ...settings, ...changes });
  return [
    ...['train', 'scenes-arm', '--data', 'scenes', '--name', name],
    ...all.flatMap(([key, value]) => ['--set', `${key}=${value}`]),
  ];
}

const run = (name: string) => readRun(path.join(folder, 'runs', name));
const together = ['--processes', '2'];

/** Step and values of the lines of one kind. */
const lines = (name: string, split: string) =>
  run(name)
    .metrics.filter((line) => line.split === split)
    .map(({ step, values }): Record<string, unknown> => ({ step, ...values }));

/** The processes of a command, by the ranks they have. */
function rankProcesses(parent: number): Map<number, number> {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' });
  return new Map(
    children
      .trim()
      .split(/\s+/)
      .map(Number)
      .filter((pid) => existsSync(`/proc/${pid}/environ`))
      .flatMap((pid) => {
        const rank = /(?:^|\0)RANK=(\d+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1];
        return rank === undefined ? [] : [[Number(rank), pid] as const];
      }),
  );
}

test('two processes leave one run with the numbers of one, and resume bit for bit', async () => {
  const alone = await coarsely(train('alone'), { cwd: folder });
  expect(alone).toMatchObject({ code: 0, stderr: '' });
  const both = await coarsely([...train('both'), ...together], { cwd: folder });
  expect(both).toMatchObject({ code: 0, stderr: '' });
  expect(both.stdout.match(/^step 4\/4 /gm)).toHaveLength(1);
  expect(both.stdout).toContain('finished runs/both; write a report with:\n  coarsely report runs/both\n');
  expect(readdirSync(path.join(folder, 'runs')).sort()).toEqual(['alone', 'both']);

  const [expected, received] = [lines('alone', 'train'), lines('both', 'train')];
  expect(received.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  for (const [place, { mainLoss, weightedLoss, loss }] of expected.entries()) {
    const other = received[place] as Record<string, number>;
    // Rounding grows with every step that is built on it.
    const digits = place === 0 ? 5 : 3;
    expect(other.mainLoss).toBeCloseTo(mainLoss as number, digits);
    expect(other.weightedLoss).toBeCloseTo(weightedLoss as number, digits);
    expect(other.loss).toBeCloseTo(loss as number, digits);
  }
  expect(lines('both', 'val')).toHaveLength(1);

  let asked = false;
  const broken = await coarsely([...train('broken'), ...together], {
    cwd: folder,
    onOutput: (stdout, child) => {
      if (asked || !stdout.includes('step 1/4')) return;
      asked = true;
      child.kill('SIGINT');
    },
  });
  expect(broken.code).toBe(130);
  expect(broken.stdout).toContain('stopping after this step to write a checkpoint');
  expect(broken.stdout).toContain('continue with:\n  coarsely train --resume runs/broken --processes 2\n');
  const resumed = await coarsely(['train', '--resume', 'runs/broken', ...together], { cwd: folder });
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  expect(lines('broken', 'train')).toEqual(lines('both', 'train'));
  expect(lines('broken', 'val')).toEqual(lines('both', 'val'));
});

test('a killed process ends the others with its name, and another number of processes goes on', async () => {
  const forever = { 'training.iterations': 400, 'training.evaluateEvery': 400 };
  let killed = 0;
  const broken = await coarsely([...train('killed', forever), ...together], {
    cwd: folder,
    onOutput: (stdout, child) => {
      if (killed || !stdout.includes('checkpoint')) return;
      killed = rankProcesses(child.pid as number).get(1) as number;
      process.kill(killed, 'SIGKILL');
    },
  });
  expect(broken.code).toBe(1);
  expect(broken.stderr).toMatch(
    /^coarsely: rank 1 was killed by SIGKILL.*; continue with:\n {2}coarsely train --resume runs\/killed --processes 2\n$/,
  );
  const step = run('killed').lastCheckpoint?.step ?? 0;
  expect(step).toBeGreaterThanOrEqual(2);

  let stopped = false;
  const alone = await coarsely(['train', '--resume', 'runs/killed'], {
    cwd: folder,
    onOutput: (stdout, child) => {
      if (stopped || !/^step \d/m.test(stdout)) return;
      stopped = true;
      child.kill('SIGINT');
    },
  });
  expect(alone.code).toBe(130);
  expect(alone.stdout).toContain(`resumed from step ${step}\n`);
});

test('an error is printed once', async () => {
  const taken = await coarsely([...train('alone'), ...together], { cwd: folder });
  expect(taken).toMatchObject({ code: 1, stdout: '' });
  expect(taken.stderr.match(/already exists/g)).toHaveLength(1);

  const odd = await coarsely([...train('odd', { 'training.batchSize': 5 }), ...together], { cwd: folder });
  expect(odd.code).toBe(1);
  expect(odd.stderr.match(/batchSize/g)).toHaveLength(1);
  expect(existsSync(path.join(folder, 'runs', 'odd'))).toBe(false);

  const twice = await coarsely([...train('twice'), ...together], {
    cwd: folder,
    environment: { RANK: '0', WORLD_SIZE: '2' },
  });
  expect(twice).toMatchObject({ code: 1 });
  expect(twice.stderr).toContain('--processes');
});

test('ranks that find different images do not train', async () => {
  await writeScenes(path.join(folder, 'more'), { train: 7, validation: 3, width: 96, height: 64 });
  const place = { WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(await freePort()) };
  const results = await Promise.all(
    ['scenes', 'more'].map((data, rank) =>
      coarsely([...train('apart'), '--data', data], {
        cwd: folder,
        environment: { ...place, RANK: String(rank) },
      }),
    ),
  );
  for (const [rank, { code, stderr }] of results.entries()) {
    expect(code).toBe(1);
    expect(stderr).toContain(
      `rank ${rank} of 2: the processes find different images or classes for data.train`,
    );
  }
  expect(existsSync(path.join(folder, 'runs', 'apart'))).toBe(false);
});
