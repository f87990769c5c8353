/** `coarsely train RECIPE --init RUN`: the network of a run is trained further by the settings of a recipe. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configSchema, resolveConfig } from 'coarsely/config';
import { recipes } from 'coarsely/recipes';
import { scope, setThreads } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialRun } from '#cli/training/init-layer.js';
import {
  networkConfig,
  trainerOf,
  type Values,
  valuesOf,
  writeTrainedRun,
} from '../training/trained-source.js';
import { coarsely } from './run-command.js';

setThreads(1);

const normalization = { mean: [100, 110, 120], std: [50, 60, 70] };
let folder = '';
let trained: Map<string, Values>;
let sceneNames: string[];
const run = () => path.join(folder, 'small');

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-init-'));
  const size = ['--train', '4', '--val', '2', '--size', '96x64'];
  expect((await coarsely(['scenes', 'scenes', ...size], { cwd: folder })).code).toBe(0);
  const { classes } = JSON.parse(readFileSync(path.join(folder, 'scenes/classes.json'), 'utf8')) as {
    classes: { name: string }[];
  };
  sceneNames = classes.map(({ name }) => name);
  const config = networkConfig({
    model: {
      backbone: { kind: 'resnet18', outputStride: 32, frozen: true, weights: null },
      head: { kind: 'fcn', channels: 12 },
      auxiliary: null,
    },
  });
  const data = { ...config.data, normalization };
  trained = writeTrainedRun(run(), { config: { ...config, data }, names: sceneNames });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the config of a recipe with the network of the run. */
function configOf(recipe: string, set: readonly string[] = []) {
  return resolveConfig(recipe, {
    schema: configSchema,
    recipes,
    changes: [initialRun(run()).layer],
    set: ['data.root=scenes', 'precision=float32', ...set],
  });
}

describe('the network of a run', () => {
  it('replaces that of the recipe, without what the run froze and its file of weights', () => {
    const own = resolveConfig('scenes-arm', { schema: configSchema, recipes });
    const { data, model, ...rest } = configOf('scenes-arm');
    expect(model).toMatchObject({
      backbone: { kind: 'resnet18', outputStride: 32, frozen: false, normEval: false, weights: null },
      head: { kind: 'fcn', channels: 12 },
      auxiliary: own.model.auxiliary,
      weights: run(),
    });
    expect(data).toMatchObject({ normalization, augmentation: own.data.augmentation });
    expect({ optimizer: rest.optimizer, training: rest.training, reweighter: rest.reweighter }).toEqual({
      optimizer: own.optimizer,
      training: own.training,
      reweighter: own.reweighter,
    });
  });

  it('learns as the recipe says, also where the recipe has another backbone', () => {
    const { model } = configOf('folder-finetune');
    expect(model.backbone).toMatchObject({
      kind: 'resnet18',
      normEval: true,
      frozen: false,
      outputStride: 32,
    });
    expect(model.head).toMatchObject({ kind: 'fcn', channels: 12 });
    expect(configOf('folder-finetune', ['model.backbone.normEval=false']).model.backbone.normEval).toBe(
      false,
    );
  });

  it('is where training begins, and what the recipe freezes stays frozen', () => {
    using _state = scope();
    const config = configOf('scenes-cross-entropy', ['model.backbone.frozen=stage2']);
    const trainer = trainerOf(config, { names: sceneNames });
    const values = valuesOf(trainer.components.model.stateDict());
    trainer.dispose();
    expect(trained.size).toBeGreaterThan(100);
    for (const [name, given] of trained) expect(values.get(name), name).toEqual(given);
    expect(config.model.backbone.frozen).toBe('stage2');
  });

  it('is named when a run starts from it, and the config of that run says the same', async () => {
    // A recipe that trains the backbone otherwise than the run did makes no other network of it.
    const words = ['folder-finetune', '--data', 'scenes', '--init', 'small', '--name', 'full'];
    const tiny = [
      'classWeights=null',
      'training.iterations=1',
      'training.batchSize=2',
      'data.augmentation.cropSize=[64,96]',
    ];
    const { code, stdout, stderr } = await coarsely(
      ['train', ...words, ...tiny.flatMap((change) => ['--set', change])],
      { cwd: folder },
    );
    expect(stderr).toBe(
      'note: --init: the network is that of small, resnet18 with the head fcn; all of it is trained unless it is frozen\n',
    );
    expect(code).toBe(0);
    expect(stdout).toContain(
      `note: starts from ${run()} (step 2): backbone and head\n` +
        `note: classes: ${sceneNames.length} of ${sceneNames.length} taken\n`,
    );
    const yaml = readFileSync(path.join(folder, 'runs/full/config.yaml'), 'utf8');
    expect(yaml).toContain(`weights: ${run()}\n`);
    expect(stdout).not.toContain('computes otherwise');
    expect(yaml).toContain('normEval: true');
    expect(yaml).toMatch(/head:\n {4}kind: fcn\n/);
  });
});

describe('what cannot be a start is refused in a line', () => {
  const refused = (...words: string[]) =>
    coarsely(['train', 'scenes-arm', '--data', 'scenes', ...words], { cwd: folder });

  it.each<[string, string, string]>([
    ['no folder', 'nothing', "nothing: is not a run's folder (it does not exist)"],
    ['another folder', 'scenes', "scenes: is not a run's folder (it has no config.yaml)"],
    [
      'a file',
      'scenes/classes.json',
      '--init scenes/classes.json: expected the folder of a run, received a file',
    ],
    ['a run without a checkpoint', 'empty', 'empty: has no checkpoint yet'],
    [
      'a config without a network',
      'networkless',
      'networkless/config.yaml: is damaged: it has no model.backbone',
    ],
  ])('%s', async (_, given, message) => {
    mkdirSync(path.join(folder, 'empty'), { recursive: true });
    writeFileSync(path.join(folder, 'empty/config.yaml'), 'model: {}\n');
    mkdirSync(path.join(folder, 'networkless'), { recursive: true });
    writeFileSync(path.join(folder, 'networkless/config.yaml'), 'seed: 1\n');
    writeFileSync(
      path.join(folder, 'networkless/state.json'),
      readFileSync(path.join(run(), 'state.json'), 'utf8'),
    );
    mkdirSync(path.join(folder, 'networkless/checkpoints'), { recursive: true });
    writeFileSync(
      path.join(folder, 'networkless/checkpoints/step-00000002.safetensors'),
      readFileSync(path.join(run(), 'checkpoints/step-00000002.safetensors')),
    );
    const { code, stdout, stderr } = await refused('--init', given);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('another backbone or head that a change asks for', async () => {
    const { code, stderr } = await refused('--init', 'small', '--set', 'model.backbone.kind=resnet34');
    expect(stderr).toContain(
      'is another network than the config describes: it has model.backbone.kind resnet18',
    );
    expect(code).toBe(1);
  });

  it('two starts at once', async () => {
    const { code, stderr } = await refused('--init', 'small', '--weights', 'small');
    expect(stderr).toContain('give either --init RUN or --weights, not both');
    expect(code).toBe(2);
  });
});
