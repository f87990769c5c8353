/** Writes a small dataset of generated scenes, with a config that trains a head on its features in a second. */

import { join } from 'node:path';
import { type Config, configSchema } from 'coarsely/config';
import { ResNet } from 'coarsely/models';
import { Generator, writeSafetensors } from 'coarsely/torch';
import { createPlayground, type Playground } from '../training/training-fixtures.js';

export type { Playground };

/** Writes the dataset, with weights for the backbone that no seed of a config draws. */
export async function createQuickPlayground(): Promise<Playground> {
  const playground = await createPlayground();
  using generator = new Generator(99);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  writeSafetensors(weightsIn(playground.root), backbone.stateDict());
  backbone.dispose();
  return playground;
}

const weightsIn = (root: string) => join(root, 'backbone.safetensors');

export interface QuickConfigOptions {
  readonly quick?: Partial<NonNullable<Config['quick']>>;
  readonly training?: Partial<Config['training']>;
  /** Replaces sections of the config. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

export function quickConfig(
  root: string,
  { quick = {}, training = {}, sections = {} }: QuickConfigOptions = {},
): Config {
  return configSchema.parse({
    name: 'quick',
    threads: 1,
    precision: 'float32',
    data: {
      root,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      clean: { split: 'train', labels: 'fine', count: 2 },
    },
    model: {
      backbone: { kind: 'resnet18', frozen: true, weights: weightsIn(root) },
      head: { kind: 'hypercolumn', hidden: [8] },
      auxiliary: null,
    },
    quick: { pixels: 64, diskMiB: 0, ...quick },
    optimizer: { kind: 'adamw', learningRate: 0.003 },
    schedule: { kind: 'cosine' },
    training: { iterations: 8, evaluateEvery: 8, checkpointEvery: 4, logEvery: 1, ...training },
    ...sections,
  });
}
