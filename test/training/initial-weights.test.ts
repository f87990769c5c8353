/** Checks that runs start from the ImageNet weights of their backbone, record which file it was, and need it only once. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, checkConfig, configToYaml } from 'coarsely/config';
import { DownloadError } from 'coarsely/errors';
import { loadRun } from 'coarsely/evaluation';
import { ResNet } from 'coarsely/models';
import { readRun } from 'coarsely/runs';
import { Generator, scope, setThreads, writeSafetensors } from 'coarsely/torch';
import { createTrainingComponents, runTraining, type TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { withAbsolutePaths } from '#config/absolute-paths.js';
import { sha256OfFile } from '#files/sha256.js';
import { unreachableUrl } from '../support/file-server.js';
import { learnedLines } from '../support/recorded-lines.js';
import { createPlayground, type Playground, smallConfig } from './training-fixtures.js';

setThreads(1);

let playground: Playground;
let folder: string;
let file: string;
let config: Config;
beforeAll(async () => {
  playground = await createPlayground();
  folder = mkdtempSync(join(tmpdir(), 'coarsely-initial-'));
  mkdirSync(join(folder, 'mine'));
  file = join(folder, 'mine', 'resnet18-imagenet.safetensors');
  using _tensors = scope();
  using generator = new Generator(5);
  const backbone = new ResNet(18, { stem: 'torchvision', generator });
  writeSafetensors(file, backbone.stateDict());
  backbone.dispose();
  const small = smallConfig(playground.root, {
    training: { iterations: 4, evaluateEvery: 4, checkpointEvery: 2 },
  });
  const backboneSection = { ...small.model.backbone, stem: 'torchvision', weights: 'imagenet' };
  config = { ...small, model: { ...small.model, backbone: backboneSection } };
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await playground.remove();
});

beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  vi.stubEnv('COARSELY_WEIGHTS_URL', join(folder, 'mine'));
});

/** Trains and returns the notices. */
async function train(name: string, options: { resume?: boolean; stopAfter?: number } = {}, from = config) {
  const { resume = false, stopAfter = Number.POSITIVE_INFINITY } = options;
  const events: TrainingEvent[] = [];
  let steps = 0;
  await runTraining(from, {
    runFolder: playground.runFolder(name),
    resume,
    onEvent: (event) => events.push(event),
    shouldStop: () => ++steps >= stopAfter,
  });
  return events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
}

test('a run starts from the file, says so, and records its SHA-256; its config keeps the word', async () => {
  const sha256 = sha256OfFile(file);
  const notices = await train('whole');
  expect(notices).toEqual([
    `starts from ImageNet weights ${file} (SHA-256 ${sha256.slice(0, 16)}…; no hash is published for this file)`,
  ]);
  const run = readRun(playground.runFolder('whole'));
  expect(run.configYaml).toContain('    weights: imagenet\n');
  expect(run.lastCheckpoint?.state.initialWeights).toBe(`resnet18-imagenet.safetensors (SHA-256 ${sha256})`);
});

test('the same run from the path of the file learns the same, and from random weights another thing', async () => {
  const { backbone } = config.model;
  const withWeights = (weights: string | null) => ({
    ...config,
    model: { ...config.model, backbone: { ...backbone, weights } },
  });
  await train('whole-again');
  await train('by-path', {}, withWeights(file));
  await train('random', {}, withWeights(null));
  const linesOf = (name: string) => learnedLines(playground.runFolder(name));
  expect(linesOf('by-path')).toBe(linesOf('whole-again'));
  expect(linesOf('random')).not.toBe(linesOf('whole-again'));
  expect(readRun(playground.runFolder('by-path')).lastCheckpoint?.state.initialWeights).toContain(
    sha256OfFile(file),
  );
  expect(readRun(playground.runFolder('random')).lastCheckpoint?.state).not.toHaveProperty('initialWeights');
});

test('resumed where the file is gone, it goes on bit for bit and keeps the record', async () => {
  await train('unbroken');
  await train('resumed', { stopAfter: 2 });
  vi.stubEnv('COARSELY_WEIGHTS_URL', await unreachableUrl());
  expect(await train('resumed', { resume: true })).toEqual([]);
  const [unbroken, resumed] = ['unbroken', 'resumed'].map((name) => playground.runFolder(name));
  expect(learnedLines(resumed ?? '')).toBe(learnedLines(unbroken ?? ''));
  const stateOf = (run: string | undefined) => readRun(run ?? '').lastCheckpoint?.state.initialWeights;
  expect(stateOf(resumed)).toBe(stateOf(unbroken));
  expect(stateOf(resumed)).toContain('resnet18-imagenet.safetensors');
  // A trained network is used without the file as well.
  (await loadRun(resumed ?? ''))[Symbol.dispose]();
});

test('without network and file, nothing begins', async () => {
  vi.stubEnv('COARSELY_WEIGHTS_URL', await unreachableUrl());
  await expect(train('none')).rejects.toThrow(DownloadError);
  expect(() => readRun(playground.runFolder('none'))).toThrow();
});

test('model.weights takes the place of the ImageNet weights, which are then not fetched', async () => {
  await train('source');
  vi.stubEnv('COARSELY_WEIGHTS_URL', await unreachableUrl());
  const from = { ...config, model: { ...config.model, weights: playground.runFolder('source') } };
  await checkConfig(from, { label: 'test', checkDataset: async () => ({ problems: [] }) });
  await train('from-source', {}, from);
  const names = ['road'];
  using source = await loadRun(playground.runFolder('source'));
  const classNames = source.classes?.map(({ name }) => name) ?? names;
  const components = createTrainingComponents(from, {
    classCount: classNames.length,
    classNames,
    datasetLength: 6,
  });
  const before = source.model.stateDict();
  const name = 'backbone.stage4.1.conv2.weight';
  expect(components.model.stateDict().get(name)).toBeAllclose(before.get(name) ?? []);
  components.model.dispose();
  components.optimizer.dispose();
  components.generator.dispose();
});

test('paths of a config become absolute, and the word stays one', () => {
  expect(withAbsolutePaths(config).model.backbone.weights).toBe('imagenet');
  const { backbone } = config.model;
  const local = { ...config, model: { ...config.model, backbone: { ...backbone, weights: './imagenet' } } };
  expect(withAbsolutePaths(local).model.backbone.weights).toBe(join(process.cwd(), 'imagenet'));
  expect(configToYaml(config)).toContain('weights: imagenet');
});

test('what cannot load is said before anything begins', async () => {
  const check = (backbone: Record<string, unknown>) =>
    checkConfig(
      { ...config, model: { ...config.model, backbone: { ...config.model.backbone, ...backbone } } },
      { label: 'mine.yaml', checkDataset: async () => ({ problems: [] }) },
    );
  await expect(check({ stem: 'deep' })).rejects.toThrow(
    'config mine.yaml: model.backbone.weights: imagenet: the published resnet18 has stem torchvision, this one deep',
  );
  await expect(check({ weights: './imagenet' })).rejects.toThrow(
    'config mine.yaml: model.backbone.weights: no file ./imagenet',
  );
  await expect(check({ frozen: 'stage2' })).resolves.toBeUndefined();
  expect(readFileSync(file).length).toBeGreaterThan(0);
});
