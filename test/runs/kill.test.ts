/**
 * A run may be killed at any moment. Every call that changes the file system is intercepted, and the folder is copied
 * as it stands before the call (and, for writes, with half of the bytes written): each copy is what a kill there would
 * have left, and each must read, and resume from its last checkpoint.
 */
import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { readRun } from 'coarsely/runs';
import { expect, onTestFinished, test } from 'vitest';
import { RunWriter } from '#runs/run-writer.js';
import { scratchRun, stepInCheckpoint, trainRecord, withTensors } from './run-folders.js';

const configYaml = 'name: tiny\n';
const mutating = [
  'mkdirSync',
  'renameSync',
  'rmSync',
  'linkSync',
  'writeFileSync',
  'fsyncSync',
  'openSync',
] as const;

/** Runs `action` and returns a copy of `folder` for every moment at which it could have been killed. */
function killedEverywhere(folder: string, action: () => void): string[] {
  const copies: string[] = [];
  const original = { ...fs };
  // Node's own functions call one another through the patched module: neither copying nor a write begins a copy.
  let busy = false;
  const copy = () => {
    if (busy || !original.existsSync(folder)) return;
    busy = true;
    const target = join(dirname(folder), `killed-${copies.length}`);
    original.cpSync(folder, target, { recursive: true });
    copies.push(target);
    busy = false;
  };
  const restore = () => {
    for (const name of [...mutating, 'writeSync'] as const) Object.assign(fs, { [name]: original[name] });
    syncBuiltinESMExports();
  };
  for (const name of mutating) {
    const call = original[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        copy();
        return call(...args);
      },
    });
  }
  const write = original.writeSync as (...args: unknown[]) => number;
  Object.assign(fs, {
    writeSync: (descriptor: number, bytes: Uint8Array, offset = 0, length = bytes.length - offset) => {
      copy();
      const half = Math.floor(length / 2);
      const done = half === 0 ? 0 : write(descriptor, bytes, offset, half);
      copy();
      return done + write(descriptor, bytes, offset + done, length - done);
    },
  });
  syncBuiltinESMExports();
  onTestFinished(restore);
  try {
    action();
  } finally {
    restore();
  }
  copy();
  return copies;
}

/** The copies were made by this living process; a killed one's lock names a process that is gone. */
function markOwnerDead(folder: string): void {
  const path = join(folder, 'run.lock');
  if (!existsSync(path)) return;
  const owner = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...owner, started: 'before this one' }));
}

function checkpoint(run: RunWriter, step: number): void {
  run.append(trainRecord(step, 1 / step));
  withTensors(step, (tensors) => run.writeCheckpoint({ step, tensors, state: { sampler: step } }));
}

/** Reads, resumes and continues a copy; returns the step it resumed from. */
function continueFrom(folder: string): number {
  markOwnerDead(folder);
  const { lastCheckpoint } = readRun(folder);
  const step = lastCheckpoint?.step ?? 0;
  if (lastCheckpoint !== null) {
    expect(stepInCheckpoint(lastCheckpoint.file)).toBe(step);
    expect(lastCheckpoint.state).toEqual({ sampler: step });
  }
  {
    using run = RunWriter.resume(folder, step);
    expect(readRun(folder).metrics.map((line) => line.step)).toEqual(
      Array.from({ length: step }, (_, i) => i + 1),
    );
    checkpoint(run, step + 1);
  }
  expect(readRun(folder).lastCheckpoint?.step).toBe(step + 1);
  expect(
    stepInCheckpoint(join(folder, `checkpoints/step-${String(step + 1).padStart(8, '0')}.safetensors`)),
  ).toBe(step + 1);
  return step;
}

test('killed while checkpoints are written, replaced and pruned', () => {
  const folder = scratchRun();
  const run = RunWriter.create(folder, { configYaml, keep: 1 });
  checkpoint(run, 1);
  const copies = killedEverywhere(folder, () => {
    checkpoint(run, 2);
    checkpoint(run, 3);
  });
  run.close();
  expect(copies.length).toBeGreaterThan(40);
  const steps = copies.map(continueFrom);
  expect(new Set(steps)).toEqual(new Set([1, 2, 3]));
  expect(steps).toEqual([...steps].sort());
});

test('killed while a run resumes', () => {
  const folder = scratchRun();
  {
    using run = RunWriter.create(folder, { configYaml });
    checkpoint(run, 1);
    checkpoint(run, 2);
    run.append(trainRecord(3, 1));
  }
  const copies = killedEverywhere(folder, () => RunWriter.resume(folder, 2).close());
  expect(copies.length).toBeGreaterThan(8);
  expect(new Set(copies.map(continueFrom))).toEqual(new Set([2]));
});

test('killed while a run is created: a run, or a folder in which it can be created again', () => {
  const folder = scratchRun();
  const copies = killedEverywhere(folder, () => RunWriter.create(folder, { configYaml }).close());
  expect(copies.length).toBeGreaterThan(8);
  const outcomes = copies.map((copy) => {
    markOwnerDead(copy);
    if (existsSync(join(copy, 'config.yaml'))) {
      expect(readRun(copy)).toMatchObject({ configYaml, metrics: [], lastCheckpoint: null });
      RunWriter.resume(copy, 0).close();
      return 'run';
    }
    RunWriter.create(copy, { configYaml }).close();
    expect(readRun(copy).configYaml).toBe(configYaml);
    return 'nothing';
  });
  expect(new Set(outcomes)).toEqual(new Set(['nothing', 'run']));
});
