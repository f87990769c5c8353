/** Suggests the commands that train on a dataset: recipes that fit, with an option for every key that differs. */

import type { RecipeConfig } from '../../../config/index.js';
import { datasets } from '../../../data/index.js';
import { shellWord } from '../../../format/index.js';
import type { DatasetInspection } from '../../../inspect/index.js';
import type { Recipe } from '../../../recipes/index.js';

/** Crops are multiples of the output stride, and have at least this many pixels on each side. */
const cropStep = 16;
const smallestCrop = 32;
/** Names the reweighter of the recipes of full training that are suggested. */
const reweighter = 'arm';

/** Holds a key of a config, its value in a recipe, and the value that the dataset needs. */
type Setting = readonly [key: string, given: unknown, needed: string];

/** Holds a command with what it does, in a few words. */
export interface SuggestedCommand {
  readonly command: string;
  readonly purpose: string;
}

const quickPurpose = 'a head on the features of a pretrained network, in a minute or two';
const fullPurpose = 'the whole network with ARM, which takes longer';

/**
 * Returns commands `coarsely train RECIPE --data ROOT --set …`, ready to be pasted into a shell, the one to begin with
 * first: quick training, then full training. There are none when the dataset has no splits to train on.
 */
export function suggestedCommands(
  recipes: Iterable<Recipe>,
  inspection: DatasetInspection,
): readonly SuggestedCommand[] {
  const { root, kind } = inspection;
  const isUnsplit = inspection.problems.some(({ code }) => code === 'no-splits');
  if (kind === null || inspection.verdict.train === null || isUnsplit) return [];
  let quick: Suggestion | null = null;
  let full: Suggestion | null = null;
  for (const { name, config: make } of recipes) {
    const config = make();
    // A recipe with a folder of its own is made for that folder.
    if (config.data.root !== undefined) continue;
    const changes = settings(config, inspection).filter(([, given, needed]) => given !== needed);
    const suggestion = { name, changes };
    if (config.quick) quick = nearer(quick, suggestion);
    else if (config.reweighter?.kind === reweighter && (config.data.kind ?? 'folder') === kind) {
      full = nearer(full, suggestion);
    }
  }
  const written = ({ name, changes }: Suggestion) => {
    const options = changes.map(([key, , needed]) => `--set ${shellWord(`${key}=${needed}`)}`);
    return [`coarsely train ${name} --data ${shellWord(root)}`, ...options].join(' ');
  };
  return [
    ...(quick === null ? [] : [{ command: written(quick), purpose: quickPurpose }]),
    ...(full === null ? [] : [{ command: written(full), purpose: fullPurpose }]),
  ];
}

interface Suggestion {
  readonly name: string;
  readonly changes: readonly Setting[];
}

/** Returns the suggestion with fewer changes, and the first of equal ones. */
function nearer(first: Suggestion | null, second: Suggestion): Suggestion {
  return first === null || second.changes.length < first.changes.length ? second : first;
}

function settings({ data }: RecipeConfig, inspection: DatasetInspection): Setting[] {
  const { kind, verdict } = inspection;
  const { train, evaluation } = verdict;
  if (kind === null || train === null || evaluation === null) return [];
  const labels = defaultLabels(kind);
  return [
    ['data.kind', data.kind ?? 'folder', kind],
    ['data.train.split', data.train?.split ?? 'train', train.split],
    ['data.train.labels', data.train?.labels ?? labels, train.labels],
    ['data.evaluation.split', data.evaluation?.split ?? 'val', evaluation.split],
    ['data.evaluation.labels', data.evaluation?.labels ?? labels, evaluation.labels],
    ...readingSettings(inspection),
    ...normalizationSettings(inspection),
    ...cropSetting(data, inspection),
  ];
}

/** Returns the options with which the files were read, each once where both parts have it. */
function readingSettings({ labelSets, verdict: { train, evaluation } }: DatasetInspection): Setting[] {
  const optionsOf = (labels: string | undefined) =>
    labelSets.find(({ name }) => name === labels)?.options ?? {};
  const [forTrain, forEvaluation] = [optionsOf(train?.labels), optionsOf(evaluation?.labels)];
  const keys = [...new Set([...Object.keys(forTrain), ...Object.keys(forEvaluation)])];
  return keys.flatMap((key): Setting[] => {
    const [first, second] = [forTrain[key], forEvaluation[key]];
    if (first === second) return [[`data.${key}`, undefined, written(first)]];
    return [
      ...(first === undefined ? [] : [[`data.train.${key}`, undefined, written(first)] as const]),
      ...(second === undefined ? [] : [[`data.evaluation.${key}`, undefined, written(second)] as const]),
    ];
  });
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Returns the measured normalization of images that are not RGB; ImageNet's is of no use to them. */
function normalizationSettings({ splits, verdict }: DatasetInspection): Setting[] {
  const normalization = splits.find(({ name }) => name === verdict.train?.split)?.stored?.normalization;
  if (!normalization || normalization.mean.length === 3) return [];
  const { mean, std } = normalization;
  return [['data.normalization', undefined, `{mean: ${JSON.stringify(mean)}, std: ${JSON.stringify(std)}}`]];
}

/** Returns the labels that a kind of dataset reads by default. */
function defaultLabels(kind: string): unknown {
  const parsed = datasets.get(kind).options.safeParse({ root: '.' });
  return (parsed.data as { readonly labels?: unknown } | undefined)?.labels;
}

/** Shrinks crops that are larger than the images, because the rest would be padding. */
function cropSetting(data: RecipeConfig['data'], { splits, verdict }: DatasetInspection): Setting[] {
  const crop = data.augmentation?.cropSize;
  const size = splits.find((split) => split.name === verdict.train?.split)?.sizes?.median;
  if (crop === undefined || size === undefined) return [];
  const fitted = [size.height, size.width].map((edge, axis) =>
    Math.min(crop[axis] as number, Math.max(smallestCrop, Math.floor(edge / cropStep) * cropStep)),
  );
  return [['data.augmentation.cropSize', `[${crop.join(',')}]`, `[${fitted.join(',')}]`]];
}
