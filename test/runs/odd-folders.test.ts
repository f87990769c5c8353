/** Checks run folders as people make them: copied, moved, cut short, edited, or of another version. None loses anything. */

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readRun, readRunHistory } from 'coarsely/runs';
import { expect, test } from 'vitest';
import { readRunSamples } from '#runs/run-samples.js';
import { RunWriter } from '#runs/run-writer.js';
import { failAlways } from '../support/broken-file-system.js';
import { scratchRun, stepInCheckpoint, trainRecord, withTensors } from './run-folders.js';

function runWithCheckpoints(steps: readonly number[] = [2, 4]): string {
  const folder = scratchRun();
  using run = RunWriter.create(folder, { configYaml: 'name: tiny\n' });
  for (const step of steps) {
    run.append(trainRecord(step, 1));
    withTensors(step, (tensors) => run.writeCheckpoint({ step, tensors, state: { sampler: step } }));
  }
  return folder;
}

const lastFile = (folder: string) => join(folder, 'checkpoints/step-00000004.safetensors');

/** Everything in a folder, to see that nothing was changed. */
const contentOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('.'))
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'base64')]);

test('metrics cut in the middle of a line lose that line alone', () => {
  const folder = runWithCheckpoints();
  const path = join(folder, 'metrics.jsonl');
  const size = readFileSync(path).length;
  truncateSync(path, size - 5);
  expect(readRun(folder).metrics.map(({ step }) => step)).toEqual([2]);
  RunWriter.resume(folder, 4).close();
  expect(readFileSync(path, 'utf8')).toMatch(/\n$/);
});

test('a missing state.json: the newest whole checkpoint counts, and none is removed', () => {
  const folder = runWithCheckpoints();
  rmSync(join(folder, 'state.json'));
  expect(readRun(folder).lastCheckpoint).toMatchObject({ step: 4, state: {} });
  truncateSync(lastFile(folder), 100);
  expect(readRun(folder).lastCheckpoint).toMatchObject({ step: 2, state: {} });
  RunWriter.resume(folder, 2).close();
  expect(stepInCheckpoint(join(folder, 'checkpoints/step-00000002.safetensors'))).toBe(2);
});

test('a damaged state.json is an error with a remedy that works', () => {
  const folder = runWithCheckpoints();
  const path = join(folder, 'state.json');
  truncateSync(path, 30);
  const before = contentOf(folder);
  expect(() => RunWriter.resume(folder, 4)).toThrow(
    `${path}: is damaged: expected a JSON object; remove it to go on from the newest whole file in checkpoints/`,
  );
  expect(contentOf(folder)).toEqual(before);
  rmSync(path);
  RunWriter.resume(folder, 4).close();
});

test('a folder in the place of state.json is an error that names it', () => {
  const folder = runWithCheckpoints();
  rmSync(join(folder, 'state.json'));
  mkdirSync(join(folder, 'state.json'));
  expect(() => readRun(folder)).toThrow(expect.objectContaining({ code: 'checkpoint' }));
  expect(() => readRun(folder)).toThrow(`${join(folder, 'state.json')}: cannot be read`);
});

test('a state of a newer version is refused and left alone', () => {
  const folder = runWithCheckpoints();
  const path = join(folder, 'state.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"format": 1', '"format": 2'));
  const before = contentOf(folder);
  expect(() => RunWriter.resume(folder, 4)).toThrow(`${path}: has format 2, this version reads 1`);
  expect(contentOf(folder)).toEqual(before);
});

test('a renamed and moved run reads and resumes', () => {
  const folder = runWithCheckpoints();
  const moved = join(dirname(folder), 'other place', 'as named by a person');
  mkdirSync(dirname(moved));
  renameSync(folder, moved);
  expect(readRun(moved).lastCheckpoint?.file).toBe(lastFile(moved));
  RunWriter.resume(moved, 4).close();
});

test('a copy that was made while the run trained is a run of its own', () => {
  const folder = scratchRun();
  const copy = `${folder}-copy`;
  const run = RunWriter.create(folder, { configYaml: 'name: tiny\n' });
  withTensors(1, (tensors) => run.writeCheckpoint({ step: 1, tensors, state: {} }));
  cpSync(folder, copy, { recursive: true });
  // The lock came along. Its owner lives, so the copy waits for it, and is free when the owner is gone.
  expect(() => RunWriter.resume(copy, 1)).toThrow(/remove run\.lock if that process no longer runs/);
  run.close();
  rmSync(join(copy, 'run.lock'));
  RunWriter.resume(copy, 1).close();
  expect(readRun(folder).lastCheckpoint?.step).toBe(1);
});

test('a damaged list of samples counts as none, and a damaged history is named by its line', () => {
  const folder = runWithCheckpoints();
  for (const text of ['', '[]', '{"format":7,"parts":{}}', '{"format":1,"parts":{"train":3}}']) {
    writeFileSync(join(folder, 'samples.json'), text);
    expect(readRunSamples(folder)).toBeNull();
  }
  writeFileSync(join(folder, 'history.jsonl'), 'zzz\n');
  expect(() => readRunHistory(folder)).toThrow(`${join(folder, 'history.jsonl')}: line 1 is damaged`);
});

test('a change is added to the history after a torn line, which is left out', () => {
  const folder = runWithCheckpoints();
  const change = { step: 4, kind: 'iterations', text: 'longer' } as const;
  {
    using run = RunWriter.resume(folder, 4);
    run.recordChange(change);
  }
  writeFileSync(join(folder, 'history.jsonl'), `${readFileSync(join(folder, 'history.jsonl'), 'utf8')}{"st`);
  {
    using run = RunWriter.resume(folder, 4);
    run.recordChange({ ...change, text: 'longer still' });
  }
  expect(readRunHistory(folder).map(({ text }) => text)).toEqual(['longer', 'longer still']);
});

test('a full disk during a checkpoint leaves the last one, and a resume from it', () => {
  const folder = runWithCheckpoints();
  {
    using run = RunWriter.resume(folder, 4);
    run.append(trainRecord(5, 1));
    failAlways('writeSync', 'ENOSPC');
    expect(() => withTensors(6, (tensors) => run.writeCheckpoint({ step: 6, tensors, state: {} }))).toThrow(
      /step-00000006\.safetensors: cannot be written \(ENOSPC: the disk is full; free some space\)/,
    );
    expect(() => run.append(trainRecord(6, 1))).toThrow(
      /metrics\.jsonl: cannot be written \(ENOSPC: the disk is full/,
    );
  }
  expect(readRun(folder).lastCheckpoint?.step).toBe(4);
  expect(stepInCheckpoint(lastFile(folder))).toBe(4);
});
