/**
 * The state of ranks that train together, as one checkpoint. Parameters and momenta are the same in all of them; a
 * rank's own are its generator, and the buffers that followed its part of the batches. Rank 0 writes the file and reads
 * it; the others are sent what it holds, so that they need not see its disk.
 */

import type { ProcessGroup } from '../distributed/index.js';
import { type DType, scope, type Tensor, tensorFrom, zeros } from '../torch/index.js';
import type { Trainer } from './trainer.js';

const generator = 'generator';
const ownName = (rank: number, name: string) => `rank-${rank}.${name}`;

/**
 * What ranks above 0 have of their own, named for a checkpoint beside the state of rank 0. A collective operation.
 * Call it in a scope: the tensors are the scope's. Empty on all ranks but 0.
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

/** Generator and buffers of this process, under the names that `Trainer.state()` gives them. */
function ownState(trainer: Trainer): Map<string, Tensor> {
  const { model, reweighter } = trainer.components;
  const own = new Set([
    generator,
    ...[...model.namedBuffers().keys()].map((name) => `model.${name}`),
    ...[...(reweighter?.namedBuffers().keys() ?? [])].map((name) => `reweighter.${name}`),
  ]);
  return new Map([...trainer.state()].filter(([name]) => own.has(name)));
}

/**
 * Takes up a checkpoint on every rank; only rank 0 has its tensors, the others pass null. With as many ranks as it was
 * written by, each goes on from its own state. With another number all take that of rank 0, and those above 0 keep the
 * generator they were made with. A collective operation.
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
    const made = trainer.state().get(generator);
    if (!sameCount && made) state.set(generator, made);
  }
  trainer.loadState(state, step);
}

interface Described {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

function broadcastTensors(
  tensors: ReadonlyMap<string, Tensor> | null,
  processGroup: ProcessGroup,
): Map<string, Tensor> {
  const described = broadcastJson<Described[]>(
    processGroup,
    [...(tensors ?? [])].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
  );
  return new Map(
    described.map(({ name, dtype, shape }) => {
      const tensor = tensors?.get(name) ?? zeros(shape, { dtype });
      processGroup.broadcast_(tensor);
      return [name, tensor];
    }),
  );
}

/** Gives every rank what rank 0 passes; what the others pass is ignored. A collective operation. */
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
