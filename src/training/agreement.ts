/**
 * Checks what processes that train together must have in common: the config in all that decides what is learned and how it
 * is scored, and the same images in the same order. Parameters are broadcast from rank 0, because machines may differ in
 * the last digit of a random draw.
 */

import { createHash } from 'node:crypto';
import { type Config, configSchema } from '../config/index.js';
import { isSection, keysWith, type Section } from '../config/internal.js';
import type { SegmentationDataset } from '../data/index.js';
import { listNames, matchClasses } from '../data/internal.js';
import type { ProcessGroup } from '../distributed/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import type { Module } from '../nn/index.js';
import { cat, noGrad, scope, type Tensor, tensorFrom, tidy } from '../torch/index.js';

/**
 * Checks that all ranks have the same config, except for keys that may differ. Every rank must call it.
 * @throws {ConfigError} when ranks were given different configs
 */
export function expectSameConfig(config: Config, processGroup: ProcessGroup): void {
  const free = keysWith('perProcess', configSchema);
  if (isSame([JSON.stringify(withoutPaths(config, new Set(free)))], processGroup)) return;
  throw new ConfigError(
    `rank ${processGroup.rank} of ${processGroup.worldSize}: the processes were given different configs; expected the same for all ` +
      `but ${free.join(', ')} (precision: auto may stand for different types on different machines)`,
  );
}

/**
 * Checks that all ranks have the same classes and images, because otherwise some images would be learned or scored twice
 * and others never. Every rank must call it.
 * @throws {DataError} naming `part` when ranks find different images or classes
 */
export function expectSameImages(
  dataset: SegmentationDataset,
  {
    part,
    processGroup,
  }: { readonly part: 'train' | 'evaluation' | 'points'; readonly processGroup: ProcessGroup },
): void {
  if (isSame(contentOf(dataset), processGroup)) return;
  throw new DataError(
    `rank ${processGroup.rank} of ${processGroup.worldSize}: the processes find different images or classes for data.${part} ` +
      `(${dataset.length} images here); give every rank the same dataset`,
  );
}

/**
 * Checks that the parts that train and that evaluate list the same classes, which a kind of dataset of one's own may not.
 * @throws {DataError} naming the classes that one part alone has, or the order
 */
export function expectSameClasses(
  training: Pick<SegmentationDataset, 'classes'>,
  evaluation: Pick<SegmentationDataset, 'classes'>,
): void {
  const { relation, left, missing } = matchClasses(training.classes, evaluation.classes);
  if (relation === 'same') return;
  const differences = [
    ...(left.length > 0 ? [`data.train alone has ${listNames(left)}`] : []),
    ...(missing.length > 0 ? [`data.evaluation alone has ${listNames(missing)}`] : []),
  ];
  throw new DataError(
    `data.evaluation: expected the classes of data.train in their order; ${differences.join('; ') || 'the order differs'}`,
  );
}

/** Copies parameters and buffers of rank 0 to all ranks. Every rank must call it. */
export function broadcastState(modules: readonly Module[], processGroup: ProcessGroup): void {
  broadcast(
    modules.flatMap((module) => [...module.stateDict().values()]),
    processGroup,
  );
}

/** Copies the buffers of rank 0 to all ranks, because running statistics follow each rank's own part of the batches. */
export function broadcastBuffers(module: Module, processGroup: ProcessGroup): void {
  broadcast([...module.namedBuffers().values()], processGroup);
}

function* contentOf(dataset: SegmentationDataset): Iterable<string> {
  yield JSON.stringify(dataset.classes);
  for (let index = 0; index < dataset.length; index += 1) yield `${dataset.name(index)}\n`;
}

function withoutPaths(section: Section, paths: ReadonlySet<string>, prefix = ''): Section {
  const kept = Object.entries(section).filter(([key]) => !paths.has(prefix + key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      isSection(value) ? withoutPaths(value, paths, `${prefix}${key}.`) : value,
    ]),
  );
}

/** Returns true on all ranks when all of them pass the same texts: the largest and smallest hash are then equal. */
function isSame(texts: Iterable<string>, processGroup: ProcessGroup): boolean {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text);
  const number = hash.digest().readUIntBE(0, 6);
  using _extremes = scope();
  const extremes = tensorFrom([number, -number], { dtype: 'float64', shape: [2] });
  processGroup.allReduce_(extremes, { operation: 'max' });
  const [greatest, least] = extremes.toTypedArray();
  return Number(greatest) === -Number(least);
}

/** Sends all tensors of one dtype in one message. */
function broadcast(tensors: readonly Tensor[], processGroup: ProcessGroup): void {
  const byType = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const { dtype } = tensor;
    byType.set(dtype, [...(byType.get(dtype) ?? []), tensor]);
  }
  noGrad(() =>
    tidy(() => {
      for (const same of byType.values()) {
        const flat = cat(
          same.map((tensor) => tensor.reshape([-1])),
          0,
        );
        processGroup.broadcast_(flat);
        let start = 0;
        for (const tensor of same) {
          tensor.copy_(flat.narrow(0, start, tensor.numel).reshape(tensor.shape));
          start += tensor.numel;
        }
      }
    }),
  );
}
