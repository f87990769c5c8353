/**
 * What processes that train together must have in common: the config in all that decides what is learned, and the same
 * parameters to begin with. Rank 0's are taken by all, as machines may differ in the last digit of a random draw.
 */

import { createHash } from 'node:crypto';
import type { Config } from '../config/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import { ConfigError } from '../errors/index.js';
import type { Module } from '../nn/index.js';
import { cat, noGrad, type Tensor, tensorFrom, tidy } from '../torch/index.js';

/** Sections that say how this process computes or where its files lie, and may differ. */
const ofOneProcess = new Set(['name', 'device', 'threads', 'output', 'data', 'inference']);

/**
 * A collective operation.
 * @throws ConfigError where ranks were given different configs
 */
export function expectSameConfig(config: Config, group: ProcessGroup): void {
  const shared = Object.entries(config).filter(([key]) => !ofOneProcess.has(key));
  const digest = createHash('sha256').update(JSON.stringify(shared.sort())).digest();
  const number = digest.readUIntBE(0, 6);
  const extremes = tensorFrom([number, -number], { dtype: 'float64', shape: [2] });
  group.allReduce_(extremes, { operation: 'max' });
  const [greatest, least] = extremes.toTypedArray();
  extremes.dispose();
  if (Number(greatest) === -Number(least)) return;
  throw new ConfigError(
    `rank ${group.rank} of ${group.worldSize}: the processes were given different configs; expected the same for all ` +
      `but ${[...ofOneProcess].join(', ')} (precision: auto may be settled differently on different machines)`,
  );
}

/** Parameters and buffers become those of rank 0. A collective operation. */
export function takeFromFirst(modules: readonly Module[], group: ProcessGroup): void {
  broadcast(
    modules.flatMap((module) => [...module.stateDict().values()]),
    group,
  );
}

/** Buffers alone: running statistics, where each rank has followed its own part of the batches. */
export function takeBuffersFromFirst(module: Module, group: ProcessGroup): void {
  broadcast([...module.namedBuffers().values()], group);
}

/** All of one type in one message. */
function broadcast(tensors: readonly Tensor[], group: ProcessGroup): void {
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
        group.broadcast_(flat);
        let start = 0;
        for (const tensor of same) {
          tensor.copy_(flat.narrow(0, start, tensor.numel).reshape(tensor.shape));
          start += tensor.numel;
        }
      }
    }),
  );
}
