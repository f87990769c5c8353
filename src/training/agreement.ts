/**
 * What processes that train together must have in common: the config in all that decides what is learned and how it is
 * scored, the same images in the same order, and the same parameters to begin with. Rank 0's are taken by all, as
 * machines may differ in the last digit of a random draw.
 */

import { createHash } from 'node:crypto';
import type { Config } from '../config/index.js';
import type { SegmentationDataset } from '../data/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import type { Module } from '../nn/index.js';
import { cat, noGrad, type Tensor, tensorFrom, tidy } from '../torch/index.js';

/** Keys that say how this process computes or where its files lie, and may differ. */
const ofOneProcess: ReadonlySet<string> = new Set(['name', 'device', 'threads', 'output']);
const ofOneProcessInData: ReadonlySet<string> = new Set(['root', 'workers', 'cacheMiB']);

/**
 * A collective operation.
 * @throws ConfigError where ranks were given different configs
 */
export function expectSameConfig(config: Config, processGroup: ProcessGroup): void {
  const data = without(config.data, ofOneProcessInData);
  if (isSame([JSON.stringify({ ...without(config, ofOneProcess), data })], processGroup)) return;
  const free = [...ofOneProcess, ...[...ofOneProcessInData].map((key) => `data.${key}`)].join(', ');
  throw new ConfigError(
    `rank ${processGroup.rank} of ${processGroup.worldSize}: the processes were given different configs; expected the same for all ` +
      `but ${free} (precision: auto may be settled differently on different machines)`,
  );
}

/**
 * Without the same images on every rank some would be learned or scored twice, and others never. A collective operation.
 * @throws DataError where ranks find different images or classes; `part` says for what
 */
export function expectSameImages(
  dataset: SegmentationDataset,
  { part, processGroup }: { readonly part: 'train' | 'evaluation'; readonly processGroup: ProcessGroup },
): void {
  if (isSame(contentOf(dataset), processGroup)) return;
  throw new DataError(
    `rank ${processGroup.rank} of ${processGroup.worldSize}: the processes find different images or classes for data.${part} ` +
      `(${dataset.length} images here); give every rank the same dataset`,
  );
}

function* contentOf(dataset: SegmentationDataset): Iterable<string> {
  yield JSON.stringify(dataset.classes);
  for (let index = 0; index < dataset.length; index += 1) yield `${dataset.name(index)}\n`;
}

function without(section: object, keys: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(section).filter(([key]) => !keys.has(key)));
}

/** Whether all ranks pass the same. */
function isSame(texts: Iterable<string>, processGroup: ProcessGroup): boolean {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text);
  const number = hash.digest().readUIntBE(0, 6);
  const extremes = tensorFrom([number, -number], { dtype: 'float64', shape: [2] });
  processGroup.allReduce_(extremes, { operation: 'max' });
  const [greatest, least] = extremes.toTypedArray();
  extremes.dispose();
  return Number(greatest) === -Number(least);
}

/** Parameters and buffers become those of rank 0. A collective operation. */
export function broadcastState(modules: readonly Module[], processGroup: ProcessGroup): void {
  broadcast(
    modules.flatMap((module) => [...module.stateDict().values()]),
    processGroup,
  );
}

/** Buffers alone: running statistics, where each rank has followed its own part of the batches. */
export function broadcastBuffers(module: Module, processGroup: ProcessGroup): void {
  broadcast([...module.namedBuffers().values()], processGroup);
}

/** All of one type in one message. */
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
