/**
 * Names the tensors of the network and of its moving average in a checkpoint. `model.` always holds the network that is
 * published, whole, so that readers of a checkpoint need not know of the average. The other of the two follows under a name
 * of its own with the tensors that training changes.
 */

import { CheckpointError } from '../errors/index.js';
import type { Module } from '../nn/index.js';
import { checkpointPart } from '../runs/internal.js';
import type { Tensor } from '../torch/index.js';
import { changingState } from './moving-average.js';

/** Holds a network and its moving average. */
export interface AveragedNetwork {
  readonly model: Module;
  readonly teacher: Module | null;
  /** Tells whether the average is published in place of the network that learns. */
  readonly publishesTeacher: boolean;
}

const published = 'model';
const averageBeside = 'teacher';
const learnerBeside = 'student';

/** Returns the tensors by their names in a checkpoint. */
export function networkState({ model, teacher, publishesTeacher }: AveragedNetwork): Map<string, Tensor> {
  if (teacher === null) return new Map(prefixed(published, model.stateDict()));
  const averages = teacher.stateDict();
  const changing = [...changingState(model)];
  if (publishesTeacher) {
    return new Map([...prefixed(published, averages), ...prefixed(learnerBeside, changing)]);
  }
  const beside = changing.map(([name]) => [name, averages.get(name) as Tensor] as const);
  return new Map([...prefixed(published, model.stateDict()), ...prefixed(averageBeside, beside)]);
}

/** Returns the names in a checkpoint of buffers, which may differ between processes. */
export function networkBufferNames(network: AveragedNetwork): string[] {
  const names = [...network.model.namedBuffers().keys()];
  const parts = network.teacher === null ? [published] : [published, averageBeside, learnerBeside];
  return parts.flatMap((part) => names.map((name) => `${part}.${name}`));
}

/**
 * Restores what `networkState` returned, whichever of the two was published then.
 * @throws {CheckpointError} when the state is of another network, or has no average and one is needed
 */
export function loadNetworkState(
  { model, teacher }: Pick<AveragedNetwork, 'model' | 'teacher'>,
  state: ReadonlyMap<string, Tensor>,
): void {
  const whole = checkpointPart(state, published);
  const learner = checkpointPart(state, learnerBeside);
  model.loadStateDict(new Map([...whole, ...learner]));
  if (teacher === null) return;
  const average = checkpointPart(state, averageBeside);
  if (average.size + learner.size === 0) {
    throw new CheckpointError(
      'the checkpoint has no moving average; expected one, as the config has a teacher; set teacher: null to go on without',
    );
  }
  teacher.loadStateDict(new Map([...whole, ...average]));
}

/** Puts the name of a part before names of tensors. */
export function* prefixed(
  prefix: string,
  state: Iterable<readonly [string, Tensor]>,
): Iterable<[string, Tensor]> {
  for (const [name, tensor] of state) yield [`${prefix}.${name}`, tensor];
}
