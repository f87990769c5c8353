/** Checks that former names of keys are accepted in every layer with a notice, and refused beside the current name. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Config,
  configToYaml,
  createConfigSchema,
  type RecipeConfig,
  resolveConfig,
} from 'coarsely/config';
import { ConfigError } from 'coarsely/errors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { storedConfig } from '#config/stored-config.js';
import { registries } from './local-registries.js';

const schema = createConfigSchema(registries);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-renamed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

interface Resolved {
  readonly config: Config;
  readonly notices: readonly string[];
}

function resolve(
  source: string,
  { set = [], recipe = {} }: { set?: readonly string[]; recipe?: object } = {},
) {
  const notices: string[] = [];
  const recipes = new Map([
    ['base', { config: () => ({ data: { root: 'here' }, ...recipe }) as RecipeConfig }],
  ]);
  const config = resolveConfig(source, { schema, recipes, set, onNotice: (notice) => notices.push(notice) });
  return { config, notices } satisfies Resolved;
}

it('accepts former names in a recipe, a file and --set, and names each place once', () => {
  const file = write('mine.yaml', 'extends: base\ntraining: { accumulation: 2, batchSize: 4 }\n');
  const { config, notices } = resolve(file, {
    recipe: { model: { checkpoint: true } },
    set: ['training.accumulation=4'],
  });
  expect(config.model.activationCheckpointing).toBe(true);
  expect(config.training).toMatchObject({ gradientAccumulationSteps: 4, batchSize: 4 });
  expect(notices).toEqual([
    'config base: model.checkpoint is now called model.activationCheckpointing; the former name still works',
    `config ${file}: training.accumulation is now called training.gradientAccumulationSteps; the former name still works`,
    'config --set: training.accumulation is now called training.gradientAccumulationSteps; the former name still works',
  ]);
});

it('lets a later layer win, whichever name each of them uses', () => {
  const recipe = { training: { accumulation: 2 } };
  const set = ['training.gradientAccumulationSteps=8'];
  expect(resolve('base', { recipe, set }).config.training.gradientAccumulationSteps).toBe(8);
  const current = { training: { gradientAccumulationSteps: 2 } };
  const former = ['training.accumulation=8'];
  expect(resolve('base', { recipe: current, set: former }).config.training.gradientAccumulationSteps).toBe(8);
});

it('gives no notice for current names', () => {
  const set = ['training.gradientAccumulationSteps=2', 'model.activationCheckpointing=true'];
  expect(resolve('base', { set }).notices).toEqual([]);
});

it('refuses both names in one layer', () => {
  const file = write(
    'both.yaml',
    'extends: base\nmodel: { checkpoint: true, activationCheckpointing: false }\n',
  );
  expect(() => resolve(file)).toThrow(ConfigError);
  expect(() => resolve(file)).toThrow(
    `config ${file}: model.checkpoint is the former name of model.activationCheckpointing, and both are given`,
  );
});

it('explains a wrong value under the current name, with the layer that gave it', () => {
  expect(() => resolve('base', { set: ['training.accumulation=0'] })).toThrow(
    'config --set: training.gradientAccumulationSteps: expected at least 1, received 0',
  );
});

it('reads the config of a run of the version before as the one that is written today', () => {
  const { config } = resolve('base', { set: ['training.accumulation=2', 'model.checkpoint=true'] });
  const today = configToYaml(config);
  const before = today
    .replace('gradientAccumulationSteps: 2', 'accumulation: 2')
    .replace('activationCheckpointing: true', 'checkpoint: true');
  expect(before).not.toBe(today);
  const file = write('config.yaml', before);
  expect(resolveConfig(file, { schema })).toEqual(config);
  expect(storedConfig({ folder, configYaml: before })).toEqual(storedConfig({ folder, configYaml: today }));
});
