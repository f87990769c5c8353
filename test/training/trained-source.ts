/** Makes small trainers, batches and runs for tests that start a network from another one. */
import { createHash } from 'node:crypto';
import { type Config, type ConfigInput, configSchema, configToYaml } from 'coarsely/config';
import { scope, type Tensor } from 'coarsely/torch';
import { Trainer, type TrainingBatch } from 'coarsely/training';
import { RunWriter } from '#runs/run-writer.js';

const size = { height: 32, width: 32 };

const namedClasses = (...names: readonly string[]) =>
  names.map((name, index) => ({ name, color: [index, 100, 200] as [number, number, number] }));

interface Changes extends Omit<ConfigInput, 'data'> {
  /** Names clean labels, for reweighters that learn from some. */
  readonly clean?: boolean;
}

export function networkConfig({ model = {}, clean = false, ...changes }: Changes = {}): Config {
  return configSchema.parse({
    threads: 1,
    precision: 'float32',
    data: { root: '/nowhere', ...(clean && { clean: { labels: 'fine' } }) },
    model: {
      backbone: { kind: 'resnet18', ...model.backbone },
      head: { kind: 'deeplabv3plus', channels: 16, ...model.head },
      auxiliary: model.auxiliary === undefined ? { channels: 8 } : model.auxiliary,
      weights: model.weights ?? null,
      activationCheckpointing: model.activationCheckpointing ?? false,
    },
    training: { iterations: 20, batchSize: 4 },
    ...changes,
  });
}

/** Returns images and labels that depend on the step and the class count alone. */
function batchOf(step: number, { classCount, count = 4 }: { classCount: number; count?: number }) {
  const { height, width } = size;
  const images = Float32Array.from({ length: count * 3 * height * width }, (_, place) =>
    Math.sin(place * 12.9898 + step * 78.233),
  );
  const labels = Uint8Array.from(
    { length: count * height * width },
    (_, pixel) => (Math.floor(pixel / 37) + step) % classCount,
  );
  return { images, labels, height, width } satisfies TrainingBatch;
}

export interface TrainerOptions {
  readonly names: readonly string[];
  readonly onNotice?: (notice: string) => void;
}

export function trainerOf(config: Config, { names, onNotice }: TrainerOptions): Trainer {
  return new Trainer(config, {
    classCount: names.length,
    classNames: names,
    datasetLength: 8,
    ...(onNotice && { onNotice }),
  });
}

/** Takes steps and returns their objectives. */
export function takeSteps(
  trainer: Trainer,
  { steps, classCount, clean = false }: { steps: number; classCount: number; clean?: boolean },
): number[] {
  return Array.from({ length: steps }, (_, step) => {
    using _losses = scope();
    const losses = trainer.step({
      ...batchOf(step, { classCount }),
      ...(clean && { clean: batchOf(step + 100, { classCount }) }),
    });
    const objective = losses.objective.item();
    for (const loss of Object.values(losses)) loss?.dispose();
    return objective;
  });
}

/** Holds the values of a tensor or, for a large one, a digest of them. */
export type Values = readonly (number | string)[];

/** Returns the values of every tensor by name. */
export function valuesOf(state: ReadonlyMap<string, Tensor>): Map<string, Values> {
  return new Map(
    [...state].map(([name, tensor]) => [
      name,
      tensor.numel > 1000
        ? [createHash('sha1').update(tensor.toBytes()).digest('hex')]
        : Array.from(tensor.toTypedArray(), Number),
    ]),
  );
}

/** Trains a few steps, writes a run's folder and returns the values of its network. */
export function writeTrainedRun(
  folder: string,
  { config, names, steps = 2 }: { config: Config; names: readonly string[]; steps?: number },
): Map<string, Values> {
  using _state = scope();
  const trainer = trainerOf(config, { names });
  takeSteps(trainer, { steps, classCount: names.length });
  using writer = RunWriter.create(folder, { configYaml: configToYaml(config) });
  writer.writeCheckpoint({
    step: trainer.stepsTaken,
    tensors: trainer.state(),
    state: { classes: namedClasses(...names) },
  });
  const values = valuesOf(trainer.components.model.stateDict());
  trainer.dispose();
  return values;
}
