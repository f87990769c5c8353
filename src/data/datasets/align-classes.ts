/**
 * Gives a dataset the class order of a network that was trained on another list, so that scores, pictures and maps compare
 * like with like. Labels are matched by the names of their classes; lists of other names are refused.
 */

import { ConfigError } from '../../errors/index.js';
import { type DatasetClass, ignoreIndex } from '../classes.js';
import { listNames, matchClasses } from '../match-classes.js';
import type { Sample, SegmentationDataset } from './dataset.js';

/** Says which classes a network predicts. */
export interface PredictedClasses {
  /** Names the network in messages: a run's folder or a file. */
  readonly label: string;
  readonly classCount: number;
  /** Lists the classes in the order of the logits; null where the network does not name them. */
  readonly classes: readonly Pick<DatasetClass, 'name'>[] | null;
}

/** Configures `alignClasses`. */
export interface AlignClassesOptions {
  readonly network: PredictedClasses;
  /** Receives one line when labels are renumbered, or when the network names no classes. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Returns the dataset with labels in the order of the network's classes: the dataset itself where the orders agree, and
 * otherwise one that renumbers its labels by name.
 * @throws {ConfigError} when the names or, without names, the numbers of classes differ; the message lists the difference
 */
export function alignClasses(
  dataset: SegmentationDataset,
  { network, onNotice }: AlignClassesOptions,
): SegmentationDataset {
  const { label, classes } = network;
  if (classes === null) {
    expectCount(dataset.classes, network);
    onNotice?.(`${label} does not name its classes; they are taken in the order of the dataset`);
    return dataset;
  }
  const match = matchClasses(dataset.classes, classes);
  if (match.relation === 'same') return dataset;
  if (match.relation === 'different') throw new ConfigError(differenceOf(dataset.classes, { label, match }));
  onNotice?.(`${label} has the classes of the dataset in another order; labels are matched by name`);
  return new ReorderedDataset(dataset, match.sources as readonly number[]);
}

/** Says in one line how the classes of a network and of a dataset differ. */
function differenceOf(
  wanted: readonly DatasetClass[],
  { label, match }: { readonly label: string; readonly match: ReturnType<typeof matchClasses> },
): string {
  const { left, missing, sources } = match;
  const differences = [
    ...(missing.length > 0 ? [`the dataset lacks ${listNames(missing)}`] : []),
    ...(left.length > 0 ? [`the network does not know ${listNames(left)}`] : []),
  ];
  return (
    `${label}: predicts ${sources.length} classes, and the dataset has ${wanted.length} that are not the same: ` +
    `${differences.join('; ')}. Choose a dataset of the network's classes; where two names mean the same class, give ` +
    'both lists one name'
  );
}

function expectCount(
  present: readonly DatasetClass[],
  { label, classCount }: Pick<PredictedClasses, 'label' | 'classCount'>,
): void {
  if (classCount === present.length) return;
  throw new ConfigError(
    `${label}: predicts ${classCount} classes, which it does not name, but the dataset has ${present.length} ` +
      `(${listNames(present.map(({ name }) => name))}); choose the dataset that it was trained on`,
  );
}

class ReorderedDataset implements SegmentationDataset {
  readonly #dataset: SegmentationDataset;
  /** Gives the new label of every label. */
  readonly #table: Uint8Array;
  readonly classes: readonly DatasetClass[];

  /** @param sources the dataset's index of each class, in the wanted order */
  constructor(dataset: SegmentationDataset, sources: readonly number[]) {
    this.#dataset = dataset;
    this.#table = new Uint8Array(256).fill(ignoreIndex);
    for (const [index, source] of sources.entries()) this.#table[source] = index;
    this.classes = sources.map((source) => dataset.classes[source] as DatasetClass);
  }

  get length(): number {
    return this.#dataset.length;
  }

  get skipped(): readonly string[] {
    return this.#dataset.skipped ?? [];
  }

  name(index: number): string {
    return this.#dataset.name(index);
  }

  async read(index: number): Promise<Sample> {
    const sample = await this.#dataset.read(index);
    const labels = sample.labels?.map((label) => this.#table[label] as number) ?? null;
    return { ...sample, labels };
  }
}
