import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readRun } from 'coarsely/runs';
import { describe, expect, test } from 'vitest';
import { forgetFileNotices, listenToFileNotices } from '#files/notices.js';
import { checkNewRunFolder } from '#runs/run-folder.js';
import { RunWriter } from '#runs/run-writer.js';
import { scratchRun, stepInCheckpoint, trainRecord, withTensors } from './run-folders.js';

const configYaml = 'name: tiny\nseed: 3\n';

/** A run of four logged steps with checkpoints at 2 and 4, closed. */
function finishedRun({ keep = 2 }: { keep?: number } = {}): string {
  const folder = scratchRun();
  using run = RunWriter.create(folder, { configYaml, keep });
  for (let step = 1; step <= 4; step += 1) {
    run.append(trainRecord(step, 1 / step));
    if (step % 2 === 0) checkpoint(run, step);
  }
  return folder;
}

function checkpoint(run: RunWriter, step: number): string {
  return withTensors(step, (tensors) =>
    run.writeCheckpoint({ step, tensors, state: { sampler: step * 10 } }),
  );
}

test('what is written can be read', () => {
  const folder = scratchRun();
  const run = RunWriter.create(folder, { configYaml });
  expect(readRun(folder)).toEqual({ folder, configYaml, metrics: [], lastCheckpoint: null });
  run.append(trainRecord(10, 0.1 + 0.2));
  const scores = { aAcc: 0.75, mAcc: 0.625, mIoU: 0.5 };
  const perClass = [{ name: 'road', iou: Number.NaN, accuracy: 1 }];
  run.append({ step: 10, split: 'val', values: { ...scores, perClass } });
  const path = checkpoint(run, 10);
  run.append({ step: 10, split: 'weights', values: { confidence: [-1, 1], weight: [0.25, 0.75] } });
  run.close();
  expect(path).toBe(join(folder, 'checkpoints/step-00000010.safetensors'));
  expect(readRun(folder)).toEqual({
    folder,
    configYaml,
    metrics: [
      trainRecord(10, 0.1 + 0.2),
      {
        step: 10,
        split: 'val',
        values: { ...scores, perClass: [{ name: 'road', iou: null, accuracy: 1 }] },
      },
      { step: 10, split: 'weights', values: { confidence: [-1, 1], weight: [0.25, 0.75] } },
    ],
    lastCheckpoint: { step: 10, file: path, state: { sampler: 100 } },
  });
  expect(stepInCheckpoint(path)).toBe(10);
  expect(readdirSync(folder).sort()).toEqual(['checkpoints', 'config.yaml', 'metrics.jsonl', 'state.json']);
});

test('only the newest checkpoints are kept', () => {
  const folder = scratchRun();
  using run = RunWriter.create(folder, { configYaml, keep: 2 });
  for (const step of [5, 10, 15, 20]) checkpoint(run, step);
  expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual([
    'step-00000015.safetensors',
    'step-00000020.safetensors',
  ]);
});

test('a closed run takes nothing more', () => {
  const run = RunWriter.create(scratchRun(), { configYaml });
  run.close();
  run.close();
  expect(() => run.append(trainRecord(1, 1))).toThrow(/was closed/);
  expect(() => checkpoint(run, 1)).toThrow(/was closed/);
});

describe('resuming', () => {
  test('drops the metrics of later steps and what never became a checkpoint', () => {
    const folder = finishedRun();
    const before = readRun(folder);
    appendFileSync(
      join(folder, 'metrics.jsonl'),
      '{"step":4,"split":"val","values":{"mIoU":0.5}}\n{"step":5,"split":"train","values":{"loss":9}}\n{"step":6,"spl',
    );
    for (const name of ['step-00000006.safetensors', 'step-00000006.safetensors.tmp']) {
      writeFileSync(join(folder, 'checkpoints', name), 'torn');
    }
    writeFileSync(join(folder, 'state.json.tmp'), '{');
    expect(readRun(folder).metrics.at(-1)?.step).toBe(5);
    {
      using run = RunWriter.resume(folder, 4);
      run.append(trainRecord(5, 0.2));
    }
    const after = readRun(folder);
    expect(after.metrics).toEqual([
      ...before.metrics,
      { step: 4, split: 'val', values: { mIoU: 0.5 } },
      trainRecord(5, 0.2),
    ]);
    expect(after.lastCheckpoint).toEqual(before.lastCheckpoint);
    expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual([
      'step-00000002.safetensors',
      'step-00000004.safetensors',
    ]);
    expect(existsSync(join(folder, 'state.json.tmp'))).toBe(false);
  });

  test('a run without a checkpoint starts again at 0', () => {
    const folder = scratchRun();
    {
      using run = RunWriter.create(folder, { configYaml });
      run.append({ step: 0, split: 'weights', values: { confidence: [0], weight: [0.5] } });
      run.append(trainRecord(1, 1));
    }
    RunWriter.resume(folder, 0).close();
    expect(readRun(folder).metrics).toEqual([]);
  });

  test('only from the last checkpoint', () => {
    const folder = finishedRun();
    expect(() => RunWriter.resume(folder, 2)).toThrow(
      /cannot be resumed at step 2, its last checkpoint is of 4/,
    );
    RunWriter.resume(folder, 4).close();
  });

  test('a failed checkpoint leaves the last one', () => {
    const folder = finishedRun();
    using run = RunWriter.resume(folder, 4);
    mkdirSync(join(folder, 'checkpoints/step-00000006.safetensors'));
    expect(() => checkpoint(run, 6)).toThrow(/step-00000006\.safetensors: cannot be written/);
    expect(readRun(folder).lastCheckpoint?.step).toBe(4);
  });
});

describe('a folder that cannot become a run', () => {
  test('an existing run is never overwritten', () => {
    const folder = finishedRun();
    const before = readRun(folder);
    const message = `${folder}: already exists and is never overwritten; resume it (coarsely train --resume), choose another`;
    expect(() => checkNewRunFolder(folder)).toThrow(message);
    expect(() => RunWriter.create(folder, { configYaml: 'other' })).toThrow(message);
    expect(() => RunWriter.create(folder, { configYaml: 'other' })).toThrow(
      expect.objectContaining({ code: 'config' }),
    );
    expect(readRun(folder)).toEqual(before);
  });

  test('someone’s own files are not touched', () => {
    const folder = scratchRun();
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    expect(() => RunWriter.create(folder, { configYaml })).toThrow(/never overwritten/);
    expect(readdirSync(folder)).toEqual(['notes.txt']);
  });

  test('a file, or a folder below one', () => {
    const file = scratchRun();
    writeFileSync(file, '');
    expect(() => RunWriter.create(file, { configYaml })).toThrow(`${file}: is a file`);
    expect(() => RunWriter.create(join(file, 'a/b'), { configYaml })).toThrow(
      /cannot be created, .* is a file/,
    );
  });

  test('where nobody may create folders', () => {
    // Even the superuser cannot create a folder in /proc.
    const folder = '/proc/coarsely/run';
    expect(() => RunWriter.create(folder, { configYaml })).toThrow(
      expect.objectContaining({ code: 'config' }),
    );
    expect(() => RunWriter.create(folder, { configYaml })).toThrow(
      /\/proc\/coarsely\/run: cannot be (created|written)/,
    );
  });

  test('an empty folder may, and the check creates nothing', () => {
    const folder = scratchRun();
    checkNewRunFolder(join(folder, 'deep/run'));
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder);
    checkNewRunFolder(folder);
    RunWriter.create(folder, { configYaml }).close();
    expect(readRun(folder).configYaml).toBe(configYaml);
  });
});

describe('reading a damaged run, or no run', () => {
  test('not a run', () => {
    const folder = scratchRun();
    expect(() => readRun(folder)).toThrow(`${folder}: is not a run's folder (it does not exist)`);
    expect(() => readRun(dirname(folder))).toThrow(/is not a run's folder \(it has no config\.yaml\)/);
    expect(() => RunWriter.resume(folder, 0)).toThrow(/is not a run's folder/);
    expect(existsSync(folder)).toBe(false);
  });

  test.each([
    'not json',
    '{"step":1}',
    '{"step":1.5,"split":"train","values":{}}',
    '{"step":1,"split":3,"values":{}}',
    '{"step":1,"split":"train","values":[]}',
    '',
  ])('metrics line %j is named by number', (line) => {
    const folder = finishedRun();
    const path = join(folder, 'metrics.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[2] = line;
    writeFileSync(path, lines.join('\n'));
    expect(() => readRun(folder)).toThrow(`${path}: line 3 is damaged`);
    expect(() => readRun(folder)).toThrow(expect.objectContaining({ code: 'checkpoint' }));
  });

  test.each(['{"step":4,"split":"tr', '', '\0\0\0\0'])(
    'a torn last line %j is left out, with a notice when its newline is there',
    (torn) => {
      forgetFileNotices();
      const notices: string[] = [];
      const stopListening = listenToFileNotices((notice) => notices.push(notice));
      const folder = finishedRun();
      const path = join(folder, 'metrics.jsonl');
      const lines = readRun(folder).metrics;
      appendFileSync(path, torn);
      expect(readRun(folder).metrics).toEqual(lines);
      expect(notices).toEqual([]);
      appendFileSync(path, '\n');
      expect(readRun(folder).metrics).toEqual(lines);
      expect(readRun(folder).metrics).toEqual(lines);
      const line = lines.length + 1;
      const found = JSON.stringify(torn);
      expect(notices).toEqual([
        `${path}: line ${line} is damaged and left out, as the last one may be torn: found ${found}`,
      ]);
      stopListening();
      // What follows a torn line makes it damage.
      appendFileSync(path, '{"step":4,"split":"train","values":{}}\n');
      expect(() => readRun(folder)).toThrow(`${path}: line ${line} is damaged`);
    },
  );

  test('a run whose last line is torn goes on without it', () => {
    const folder = finishedRun();
    const path = join(folder, 'metrics.jsonl');
    const before = readFileSync(path, 'utf8');
    appendFileSync(path, '{"step":4,"sp\n');
    const step = readRun(folder).lastCheckpoint?.step ?? 0;
    RunWriter.resume(folder, step).close();
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('a kind of line that a later version writes is kept', () => {
    const folder = finishedRun();
    const path = join(folder, 'metrics.jsonl');
    const line = '{"step":1,"split":"of-a-later-version","values":{"x":1}}\n';
    writeFileSync(path, line + readFileSync(path, 'utf8'));
    const step = readRun(folder).lastCheckpoint?.step ?? 0;
    RunWriter.resume(folder, step).close();
    expect(readFileSync(path, 'utf8')).toContain(line);
  });

  test('a missing checkpoint, with those that are there', () => {
    const folder = finishedRun();
    rmSync(join(folder, 'checkpoints/step-00000004.safetensors'));
    expect(() => readRun(folder)).toThrow(
      /step-00000004\.safetensors is missing; checkpoints\/ holds step-00000002\.safetensors/,
    );
    rmSync(join(folder, 'checkpoints'), { recursive: true });
    expect(() => readRun(folder)).toThrow(/checkpoints\/ holds none/);
  });

  test.each([
    ['{"step":4', /state\.json: is damaged/],
    ['[]', /state\.json: is damaged/],
    ['{"format":2}', /has format 2, this version reads 1/],
    ['{"format":1,"step":4}', /expected step, checkpoint and state/],
  ])('state %j', (text, message) => {
    const folder = finishedRun();
    writeFileSync(join(folder, 'state.json'), text);
    expect(() => readRun(folder)).toThrow(message);
  });

  test('steps that are not whole numbers from 0', () => {
    using run = RunWriter.create(scratchRun(), { configYaml });
    expect(() => run.append(trainRecord(-1, 1))).toThrow(/expected a step/);
    expect(() => checkpoint(run, 1.5)).toThrow(/expected a step/);
    expect(() => RunWriter.create(scratchRun(), { configYaml, keep: 0 })).toThrow(/at least 1 checkpoint/);
  });
});
