/**
 * Saves and restores the state of ranks that train together as one checkpoint. Parameters and momenta are equal on all
 * ranks; each rank has its own generator, and buffers that followed its part of the batches. Rank 0 writes and reads the
 * file and sends its contents to the others, which need no access to its disk.
 */

import type { ProcessGroup } from '../distributed/index.js';
import { type DType, scope, type Tensor, tensorFrom, zeros } from '../torch/index.js';
import { networkBufferNames } from './network-state.js';
import type { Trainer } from './trainer.js';

const generator = 'generator';
const ownName = (rank: number, name: string) => `rank-${rank}.${name}`;

/**
 * Returns on rank 0 the own state of all other ranks, under names for the checkpoint of rank 0; empty on other ranks. Every
 * rank must call it, inside a scope, which owns the tensors.
 */
export function collectRankStates(trainer: Trainer, processGroup: ProcessGroup): Map<string, Tensor> {
  const collected = new Map<string, Tensor>();
  const own = ownState(trainer);
  for (let root = 1; root < processGroup.worldSize; root += 1) {
    for (const [name, tensor] of own) {
      const sent = tensor.to({ device: 'cpu' }).clone();
      processGroup.broadcast_(sent, { root });
      if (processGroup.rank === 0) collected.set(ownName(root, name), sent);
      else sent.dispose();
    }
  }
  return collected;
}

/** Returns generator and buffers of this process, under the names that `Trainer.state()` gives them. */
function ownState(trainer: Trainer): Map<string, Tensor> {
  const { reweighter } = trainer.components;
  const own = new Set([
    generator,
    ...networkBufferNames(trainer.averagedNetwork),
    ...[...(reweighter?.namedBuffers().keys() ?? [])].map((name) => `reweighter.${name}`),
  ]);
  return new Map([...trainer.state()].filter(([name]) => own.has(name)));
}

/**
 * Restores a checkpoint on every rank. Rank 0 passes its tensors, the others null. With as many ranks as wrote the
 * checkpoint, each continues from its own state. With another number all restore the state of rank 0, and ranks above 0
 * keep the generator that they were created with. Every rank must call it.
 */
export function restoreRankStates(
  trainer: Trainer,
  {
    tensors,
    step,
    processGroup,
  }: { tensors: ReadonlyMap<string, Tensor> | null; step: number; processGroup: ProcessGroup },
): void {
  using _sent = scope();
  const state = broadcastTensors(tensors, processGroup);
  const { rank, worldSize } = processGroup;
  const sameCount = !state.has(ownName(worldSize, generator)) && state.has(ownName(worldSize - 1, generator));
  if (rank > 0) {
    for (const name of ownState(trainer).keys()) {
      const own = sameCount ? state.get(ownName(rank, name)) : undefined;
      if (own) state.set(name, own);
    }
    const initial = trainer.state().get(generator);
    if (!sameCount && initial) state.set(generator, initial);
  }
  trainer.loadState(state, step);
}

interface TensorDescription {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

function broadcastTensors(
  tensors: ReadonlyMap<string, Tensor> | null,
  processGroup: ProcessGroup,
): Map<string, Tensor> {
  const descriptions = broadcastJson<TensorDescription[]>(
    processGroup,
    [...(tensors ?? [])].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
  );
  return new Map(
    descriptions.map(({ name, dtype, shape }) => {
      const tensor = tensors?.get(name) ?? zeros(shape, { dtype });
      processGroup.broadcast_(tensor);
      return [name, tensor];
    }),
  );
}

/** Returns on every rank the value that rank 0 passes; the values of other ranks are ignored. Every rank must call it. */
export function broadcastJson<T>(processGroup: ProcessGroup, value: T): T {
  using _buffers = scope();
  const bytes = Buffer.from(processGroup.rank === 0 ? JSON.stringify(value) : '');
  const length = tensorFrom(BigInt64Array.of(BigInt(bytes.length)), { dtype: 'int64', shape: [1] });
  processGroup.broadcast_(length);
  const text =
    processGroup.rank === 0
      ? tensorFrom(new Uint8Array(bytes), { dtype: 'uint8', shape: [bytes.length] })
      : zeros([length.item()], { dtype: 'uint8' });
  processGroup.broadcast_(text);
  return JSON.parse(Buffer.from(text.toTypedArray() as Uint8Array).toString('utf8')) as T;
}
