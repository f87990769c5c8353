import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from 'coarsely/data';
import { evaluate, loadRun } from 'coarsely/evaluation';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostileName, writeDataset, writeRun } from '../report/synthetic-run.js';

let folder = '';
let root = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-load-run-'));
  root = join(folder, 'data');
  await writeDataset(root);
});
afterAll(() => rm(folder, { recursive: true }));

describe('loadRun', () => {
  test('returns the network of the last checkpoint in evaluation mode, and frees it', async () => {
    const path = join(folder, 'run');
    writeRun(path, { name: 'run', root, reweighter: { kind: 'arm' } });
    {
      using run = await loadRun(path);
      expect(run.step).toBe(100);
      expect(run.config.name).toBe('run');
      expect(run.classes.map(({ name }) => name)).toEqual(['road', hostileName, 'sky']);
      expect(run.model.training).toBe(false);
      const dataset = await openDataset({ kind: 'folder', root, split: 'val', labels: 'fine' });
      const result = await evaluate(run.model, dataset, { precision: 'float32' });
      expect(result.images).toBe(3);
      expect(result.perClass.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(3 * 48 * 40);
    }
  });

  test('a run whose checkpoint holds its classes needs no dataset', async () => {
    const path = join(folder, 'remembers');
    writeRun(path, { name: 'remembers', root: join(folder, 'nowhere') });
    const statePath = join(path, 'state.json');
    const state = JSON.parse(await readFile(statePath, 'utf8'));
    delete state.state.classes;
    await writeFile(statePath, JSON.stringify(state));
    await expect(loadRun(path)).rejects.toThrow(/nowhere/);
    state.state.classes = ['a', 'b', 'c'].map((name) => ({ name, color: [1, 2, 3] }));
    await writeFile(statePath, JSON.stringify(state));
    using run = await loadRun(path);
    expect(run.classes.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('a run that was copied without its state is read by its newest whole checkpoint', async () => {
    const path = join(folder, 'stateless');
    writeRun(path, { name: 'stateless', root });
    await rm(join(path, 'state.json'));
    {
      using run = await loadRun(path);
      expect(run.step).toBe(100);
    }
    await writeFile(join(path, 'checkpoints/step-00000100.safetensors'), 'cut short');
    await expect(loadRun(path)).rejects.toThrow(
      /stateless: has no state\.json, which names its last checkpoint, although checkpoints\/ holds step-00000100\.safetensors, none of them whole/,
    );
  });

  test('names what is wrong with a run', async () => {
    const empty = join(folder, 'empty');
    writeRun(empty, { name: 'empty', root, checkpoint: false });
    await expect(loadRun(empty)).rejects.toThrow(/empty: has no checkpoint yet/);
    await expect(loadRun(root)).rejects.toThrow(/is not a run's folder/);

    const other = join(folder, 'other');
    writeRun(other, { name: 'other', root });
    const config = await readFile(join(other, 'config.yaml'), 'utf8');
    await writeFile(join(other, 'config.yaml'), config.replace('channels: 16', 'channels: 24'));
    await expect(loadRun(other)).rejects.toThrow(/step-00000100\.safetensors: .*expected shape/);
  });
});
