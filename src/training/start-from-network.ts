/**
 * Starts a network from the weights of another one. Backbone and head must be the same; rows of the classifiers are taken by
 * the names of their classes, and what the other network lacks keeps the values that the seed drew.
 */

import type { Config } from '../config/index.js';
import type { DatasetClass, Normalization } from '../data/index.js';
import { listNames, matchClasses } from '../data/internal.js';
import { CheckpointError, ConfigError } from '../errors/index.js';
import { readTrainedNetwork, type TrainedNetwork } from '../evaluation/internal.js';
import type { Segmentor } from '../models/index.js';
import { noGrad, scope, type Tensor } from '../torch/index.js';
import { networkDifferences, normalizationDifferences } from './network-differences.js';

/** Configures `startFromNetwork`. */
export interface StartFromOptions {
  /** Is the `model` section of the config that the network was created from. */
  readonly section: Config['model'];
  /** Lists the classes of the dataset, in the order of the network's logits. */
  readonly classes: readonly Pick<DatasetClass, 'name'>[];
  /** Is the normalization of the dataset's images. */
  readonly normalization: Normalization;
  /** Receives a line about each thing that was taken, matched or drawn afresh. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Names the parts that training alone needs, and that may be drawn afresh. */
const optionalParts = { auxiliary: 'the auxiliary head', extraHeads: 'the heads of the loss' } as const;

/**
 * Copies the weights of a run's folder or a file into the network.
 * @throws {CheckpointError} when it is no trained network, or one of another backbone or head
 * @throws {ConfigError} when it holds something else, or its classes cannot be matched
 */
export function startFromNetwork(
  model: Segmentor,
  path: string,
  { section, classes, normalization, onNotice }: StartFromOptions,
): void {
  using _read = scope();
  using source = readTrainedNetwork(path, { like: model, onNotice });
  const own = model.stateDict();
  const classTensors = new Set(model.classTensorNames());
  const fits = (name: string, tensor: Tensor) => {
    const given = source.state.get(name);
    if (given === undefined) return false;
    const rank = classTensors.has(name) ? 1 : 0;
    return given.ndim === tensor.ndim && String(given.shape.slice(rank)) === String(tensor.shape.slice(rank));
  };
  const misfits = [...own].flatMap(([name, tensor]) => (fits(name, tensor) ? [] : [name]));
  const afresh = new Set(misfits.map(partOf).filter((part) => part in optionalParts));
  const wrong = misfits.filter((name) => !afresh.has(partOf(name)));
  const surplus = [...source.state.keys()].filter(
    (name) => !own.has(name) && !name.endsWith('num_batches_tracked'),
  );
  const unknown = surplus.filter((name) => !(partOf(name) in optionalParts));
  const fitting = wrong.length + unknown.length === 0;
  const differences = networkDifferences(source.section, section, { fits: fitting });
  if (!fitting) {
    throw otherNetwork(source, { own, wrong, unknown, differences });
  }
  const { rows, line: classLine } = rowsOf(source, { model, classes });
  noGrad(() => {
    for (const [name, tensor] of own) {
      if (afresh.has(partOf(name))) continue;
      const given = source.state.get(name) as Tensor;
      if (classTensors.has(name) && rows !== null) copyRows(given, { into: tensor, rows });
      else tensor.copy_(given);
    }
  });
  const readings = [...differences, ...normalizationDifferences(source.normalization, normalization)];
  const [partLine, ...more] = partLines(source, { own, afresh, surplus, differences: readings });
  for (const line of [partLine as string, classLine, ...more]) onNotice?.(line);
}

function partOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}

function copyRows(
  from: Tensor,
  { into, rows }: { readonly into: Tensor; readonly rows: readonly (number | null)[] },
): void {
  using _views = scope();
  for (const [row, source] of rows.entries()) {
    if (source !== null) into.select(0, row).copy_(from.select(0, source));
  }
}

interface ClassRows {
  /** Gives for each class its row in the other network's classifiers, null where it keeps its drawn values. */
  readonly rows: readonly (number | null)[] | null;
  /** Says how the classes were matched. */
  readonly line: string;
}

/** Matches the classes; without `rows` all rows are taken as they are. */
function rowsOf(
  { label, classes: given, state }: TrainedNetwork,
  { model, classes }: { readonly model: Segmentor } & Pick<StartFromOptions, 'classes'>,
): ClassRows {
  const [classTensor] = model.classTensorNames().filter((name) => partOf(name) === 'head');
  const count = classTensor === undefined ? null : (state.get(classTensor)?.shape[0] ?? null);
  if (given === null) {
    if (count === null || count === classes.length) {
      const line = `${label} does not name its classes; they are taken in the order of the dataset`;
      return { rows: null, line };
    }
    const line = `${label} does not name its ${count} classes, and the dataset has ${classes.length}; all classes are drawn afresh`;
    return { rows: classes.map(() => null), line };
  }
  const { relation, sources, missing, left } = matchClasses(given, classes);
  if (relation !== 'same' && classTensor === undefined) {
    throw new ConfigError(
      `model.weights: ${label} has other classes than the dataset, and the head does not say which of its tensors have a ` +
        'row for each class (classTensors)',
    );
  }
  if (count !== null && count !== given.length) {
    throw new CheckpointError(
      `${label}: is damaged: it names ${given.length} classes, and its logits are of ${count}`,
    );
  }
  const matched = classes.length - missing.length;
  const details = [
    `classes: ${matched} of ${classes.length} taken${relation === 'same' ? '' : ' by name'}`,
    ...(relation === 'reordered' ? ['in another order'] : []),
    ...(missing.length > 0 ? [`drawn afresh: ${listNames(missing)}`] : []),
    ...(left.length > 0 ? [`left out: ${listNames(left)}`] : []),
  ];
  return { rows: relation === 'same' ? null : sources, line: details.join('; ') };
}

/** Says which parts were taken and which not, and what else differs although the tensors fit. */
function partLines(
  { label }: TrainedNetwork,
  {
    own,
    afresh,
    surplus,
    differences,
  }: {
    readonly own: ReadonlyMap<string, Tensor>;
    readonly afresh: ReadonlySet<string>;
    readonly surplus: readonly string[];
    readonly differences: readonly string[];
  },
): string[] {
  const named = (parts: Iterable<string>) =>
    [...new Set(parts)].map((part) => optionalParts[part as keyof typeof optionalParts]).join(' and ');
  const present = [...new Set([...own.keys()].map(partOf))];
  const alsoTaken = present.filter((part) => part in optionalParts && !afresh.has(part));
  const taken = ['backbone and head', ...(alsoTaken.length > 0 ? [named(alsoTaken)] : [])].join(', ');
  const leftOut = surplus.map(partOf).filter((part) => !afresh.has(part));
  return [
    `starts from ${label}: ${taken}` +
      (afresh.size > 0 ? `; drawn afresh: ${named(afresh)}` : '') +
      (leftOut.length > 0 ? `; left out: ${named(leftOut)}` : ''),
    ...(differences.length > 0
      ? [
          `the network of ${label} was trained with ${differences.join(', ')}; its weights fit, but it computes otherwise`,
        ]
      : []),
  ];
}

function otherNetwork(
  { label, state }: TrainedNetwork,
  {
    own,
    wrong,
    unknown,
    differences,
  }: {
    readonly own: ReadonlyMap<string, Tensor>;
    readonly wrong: readonly string[];
    readonly unknown: readonly string[];
    readonly differences: readonly string[];
  },
): CheckpointError {
  if (differences.length > 0) {
    return new CheckpointError(
      `${label}: is another network than the config describes: it has ${differences.join(', ')}; write the same, ` +
        'or give the backbone alone as model.backbone.weights',
    );
  }
  const [first] = wrong;
  const shapeOf = (tensors: ReadonlyMap<string, Tensor>, name: string) => tensors.get(name)?.shape ?? null;
  const details = [
    ...(first === undefined
      ? []
      : [
          shapeOf(state, first) === null
            ? `it has no ${first}`
            : `${first} has shape [${shapeOf(state, first)}], expected [${shapeOf(own, first)}]`,
        ]),
    ...(wrong.length > 1 ? [`${wrong.length - 1} more tensors do not fit`] : []),
    ...(unknown.length > 0 ? [`it also has ${listNames(unknown, { count: 3 })}`] : []),
  ];
  return new CheckpointError(
    `${label}: is another network than the config describes: ${details.join('; ')}. Set model.backbone and model.head as ` +
      'it was trained, or give the backbone alone as model.backbone.weights',
  );
}
