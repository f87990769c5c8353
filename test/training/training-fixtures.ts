/** Writes a dataset of a few small generated scenes, with a config that trains on it in seconds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, configSchema } from 'coarsely/config';
import { writeScenes } from 'coarsely/scenes';
import type { TrainingEvent } from 'coarsely/training';

export interface Playground {
  /** The dataset. */
  readonly root: string;
  /** A fresh path for a run's folder. */
  runFolder(name: string): string;
  remove(): Promise<void>;
}

export async function createPlayground(): Promise<Playground> {
  const folder = await mkdtemp(join(tmpdir(), 'coarsely-training-'));
  const root = join(folder, 'scenes');
  await writeScenes(root, { train: 6, validation: 2, width: 96, height: 64 });
  return {
    root,
    runFolder: (name) => join(folder, 'runs', name),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface SmallConfigOptions {
  readonly reweighter?: { readonly kind: string; readonly [option: string]: unknown } | null;
  readonly training?: Partial<Config['training']>;
  readonly optimizer?: Partial<Config['optimizer']>;
  readonly precision?: Config['precision'];
  readonly workers?: number;
}

export function smallConfig(root: string, options: SmallConfigOptions = {}): Config {
  const { reweighter = null, training = {}, optimizer = {}, precision = 'float32', workers = 0 } = options;
  return configSchema.parse({
    name: 'small',
    threads: 1,
    precision,
    data: {
      root,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      augmentation: { cropSize: [48, 64] },
      workers,
    },
    model: { backbone: { kind: 'resnet18' }, head: { kind: 'deeplabv3plus', channels: 32 } },
    reweighter,
    optimizer,
    training: { iterations: 8, batchSize: 2, evaluateEvery: 8, checkpointEvery: 4, logEvery: 1, ...training },
  });
}

/** The objective of every logged step. */
export function lossesOf(events: readonly TrainingEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'step' && event.loss !== null ? [event.loss] : []));
}
