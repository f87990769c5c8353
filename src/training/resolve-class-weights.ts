/**
 * Turns the class weights of a config into numbers. `balanced` and `sqrt` come from one count of the training labels. Their numbers
 * go into the run's own config, so that a resumed run, or another one of the same config, has the same.
 */

import type { Config } from '../config/index.js';
import type { ClassWeightsSection } from '../config/internal.js';
import { ignoreIndex, type SegmentationDataset } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import { ConfigError } from '../errors/index.js';
import { formatNumber } from '../format/index.js';
import { balancedClassWeights, rootBalancedClassWeights } from '../losses/index.js';
import { knownKeysHint } from '../registry/internal.js';
import { tensorFrom } from '../torch/index.js';

const weightsByWay = { balanced: balancedClassWeights, sqrt: rootBalancedClassWeights } as const;

/** Holds what class weights are resolved for. */
export interface ResolveClassWeightsOptions {
  /** Holds the training images. */
  readonly dataset: SegmentationDataset;
  /** Connects the processes that train together; each then counts its share of the images. */
  readonly processGroup?: Collectives | null;
  /** Receives a sentence that says what was counted. */
  readonly onNotice?: (notice: string) => void;
}

/**
 * Returns the config with `classWeights` as numbers: `balanced` and `sqrt` become a weight for each class name. With a process group
 * every process must call it.
 *
 * @throws {ConfigError} when a list has another length than the list of classes, or a name is no class
 * @throws {DataError} when a label file cannot be read
 */
export async function resolveClassWeights(
  config: Config,
  { dataset, processGroup = null, onNotice }: ResolveClassWeightsOptions,
): Promise<Config> {
  const names = dataset.classes.map(({ name }) => name);
  const { classWeights: way } = config;
  if (typeof way !== 'string') {
    if (way !== null) classWeightList(way, { names, classCount: names.length });
    return config;
  }
  onNotice?.(`classWeights: ${way}: counting the labels of ${dataset.length} training images`);
  const counts = await countLabels(dataset, processGroup);
  if (counts.every((count) => count === 0))
    throw new ConfigError(`classWeights: ${way}: the training images have no labeled pixel; use null`);
  const weights = weightsByWay[way](counts);
  const absent = names.filter((_, index) => counts[index] === 0);
  onNotice?.(
    `classWeights: ${names.map((name, index) => `${name} ${formatNumber(weights[index] ?? 1, { digits: 3 })}`).join(', ')}` +
      (absent.length === 0 ? '' : ` (1 for what no training label has: ${absent.join(', ')})`),
  );
  return {
    ...config,
    classWeights: Object.fromEntries(names.map((name, index) => [name, weights[index] ?? 1])),
  };
}

/**
 * Returns one weight for each class, 1 for those that a section by name leaves out.
 *
 * @throws {ConfigError} when the section is not one of numbers for these classes, or no class has a weight above 0
 */
export function classWeightList(
  section: ClassWeightsSection,
  { names, classCount }: { readonly names: readonly string[] | null; readonly classCount: number },
): number[] {
  if (typeof section === 'string')
    throw new ConfigError(
      `classWeights: ${section}: expected numbers here; resolveClassWeights counts the labels`,
    );
  const weights =
    'length' in section
      ? [...(section as readonly number[])]
      : byName(section as Readonly<Record<string, number>>, names);
  if (weights.length !== classCount) {
    throw new ConfigError(
      `classWeights: expected a list of ${classCount} numbers, one for each class${names ? ` (${names.join(', ')})` : ''}, ` +
        `received ${weights.length}`,
    );
  }
  if (!weights.some((weight) => weight > 0))
    throw new ConfigError('classWeights: expected a weight above 0 for at least one class, received only 0');
  return weights;
}

function byName(section: Readonly<Record<string, number>>, names: readonly string[] | null): number[] {
  if (names === null)
    throw new ConfigError(
      'classWeights: expected a list here, because the names of the classes are not known',
    );
  for (const name of Object.keys(section)) {
    if (names.includes(name)) continue;
    throw new ConfigError(
      `classWeights: the dataset has no class ${name}${knownKeysHint(['classWeights', name], names)}`,
    );
  }
  return names.map((name) => (Object.hasOwn(section, name) ? (section[name] as number) : 1));
}

/** Counts the pixels of each class over all images; each process reads every one of its share and they add up. */
async function countLabels(
  dataset: SegmentationDataset,
  processGroup: Collectives | null,
): Promise<number[]> {
  const { rank = 0, worldSize = 1 } = processGroup ?? {};
  const counts = new Float64Array(ignoreIndex + 1);
  for (let index = rank; index < dataset.length; index += worldSize) {
    const { labels } = await (dataset.open?.(index) ?? dataset.read(index));
    for (const label of labels ?? []) counts[label] = (counts[label] as number) + 1;
  }
  const classCounts = Array.from(counts.subarray(0, dataset.classes.length));
  if (processGroup === null) return classCounts;
  const sums = tensorFrom(classCounts, { dtype: 'float64', shape: [classCounts.length] });
  processGroup.allReduce_(sums);
  const total = Array.from(sums.toTypedArray(), Number);
  sums.dispose();
  return total;
}
