/** Resolves configs: the text up to the first NUL is a YAML file, and each text between later NULs is a `--set` option. */

import { configSchema, configToYaml, resolveConfig } from 'coarsely/config';
import { parse } from 'yaml';
import { storedConfig } from '#config/stored-config.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';

const scratch = new ScratchFile('input.yaml');
const written = new ScratchFile('written.yaml');

/** Resolves a config, and checks that its YAML text resolves to the same. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const [file = '', ...set] = Buffer.from(data).toString('utf8').split('\0');
  const path = scratch.write(Buffer.from(file));
  const outcome = await outcomeOf(() => resolveConfig(path, { schema: configSchema, set }));
  await outcomeOf(() => storedConfig({ folder: 'run', configYaml: file }));
  if (!('value' in outcome)) return;
  const text = configToYaml(outcome.value);
  const again = resolveConfig(written.write(Buffer.from(text)), { schema: configSchema });
  if (configToYaml(again) !== text) throw new Error(`a config and its text differ: ${text.slice(0, 200)}`);
  parse(text);
}

/** Returns files and options of every section. */
export function seeds(): Uint8Array[] {
  const texts = [
    'data:\n  root: data\n  train: {split: train}\ntraining:\n  iterations: 20\n  batchSize: 2\n',
    'data: {root: d}\nmodel:\n  backbone: {kind: resnet, depth: 50}\n  head:\n    kind: deeplabv3plus\n',
    'data: {root: d}\nreweighter: {kind: arm, p: 2}\noptimizer: {kind: sgd, learningRate: 0.01}\nextends: other.yaml\n',
    'data: {root: d}\0training.iterations=200\0augmentation.cropSize=[240, 320]\0reweighter=null',
    'base: &base {root: d}\ndata: *base\n',
    'data:\n  <<: {root: d}\n  augmentation: !!map {cropSize: [64, 64]}\n',
    '---\ndata: {root: "d"}\n...\n',
    '\0data.root=d\0seed=1',
  ];
  return texts.map((text) => Buffer.from(text));
}

export const dictionary = [
  'data:',
  'training:',
  'model:',
  'kind:',
  'extends:',
  '&a ',
  '*a',
  '<<:',
  '!!binary ',
  '!!set ',
  '!!omap ',
  '!!timestamp ',
  '.inf',
  '.nan',
  '~',
  '? ',
  '---\n',
  '%YAML 1.1\n',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  'a=',
  'data.root=d',
];
