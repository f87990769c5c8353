/** Checks before anything is loaded that the folders and files of a config exist and are usable. */

import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { DatasetCheck } from '../data/index.js';
import { findPaletteConflict } from '../data/internal.js';
import { ConfigError, DataError } from '../errors/index.js';
import { publishedFileOf } from '../models/internal.js';
import type { ComponentSection } from '../registry/index.js';
import { checkTeacher } from './check-teacher.js';
import { checkCleanData, checkCorrection, learnsFromClean } from './clean-data.js';
import { type DatasetPartName, datasetSection } from './data-section.js';
import { checkExtraHeads } from './extra-heads.js';
import { checkFill } from './fill-section.js';
import { withoutReplacedWeights } from './initial-weights.js';
import { checkObjective } from './objective-sections.js';
import { otherFolders } from './other-folders.js';
import { checkQuick } from './quick-section.js';
import type { Config } from './schema.js';
import { checkStopping } from './stopping-section.js';
import { checkPoints, checkTrustedLabels, mixesClean } from './trusted-labels.js';

/** Finds the problems of a dataset, a line each, as `checkDataset` of `coarsely/data` does. */
export type DatasetChecker = (
  section: ComponentSection,
) => Promise<Pick<DatasetCheck, 'problems' | 'palettes'>>;

/** Configures `checkConfig`. */
export interface CheckOptions {
  /** Names the config in errors: its file or recipe. */
  readonly label: string;
  readonly checkDataset: DatasetChecker;
  /** Is false where a checkpoint replaces the weights that the config starts from; true by default. */
  readonly startsAnew?: boolean;
}

const shownProblems = 3;

/**
 * Checks that the parts of a config go together, and that its folders and files can be used.
 * @throws {ConfigError} when parts do not go together, the data root or the weights file is missing, or the output folder
 *   cannot be written
 * @throws {DataError} when the dataset has problems, with a line for each
 */
export async function checkConfig(
  config: Config,
  { label, checkDataset, startsAnew = true }: CheckOptions,
): Promise<void> {
  checkParts(config, label);
  if (startsAnew) checkWeights(withoutReplacedWeights(config).model, label);
  checkOutput(config.output, label);
  await checkData(config, { label, checkDataset });
}

async function checkData(
  config: Config,
  { label, checkDataset }: Pick<CheckOptions, 'label' | 'checkDataset'>,
): Promise<void> {
  const { data } = config;
  if (!existsSync(data.root) || !statSync(data.root).isDirectory()) {
    throw new ConfigError(
      `config ${label}: data.root: no folder ${data.root} (looked for ${path.resolve(data.root)})\n` +
        'name the dataset with --data ROOT, or write generated scenes with: coarsely scenes ROOT',
    );
  }
  const checked: CheckedPart[] = [];
  for (const part of ['train', 'evaluation', 'clean'] as const) {
    if (part === 'clean' && !learnsFromClean(config) && !mixesClean(config)) continue;
    const section = datasetSection(data, part);
    const { problems, palettes = [] } = await checkDataset(section);
    if (problems.length === 0) {
      checked.push({ part, palettes });
      continue;
    }
    const more = problems.length - shownProblems;
    const lines = [...problems.slice(0, shownProblems), ...(more > 0 ? [`(and ${more} more)`] : [])];
    const remedies = await otherFolders(section, part);
    throw new DataError([...lines.map((line) => `data.${part}: ${line}`), ...remedies].join('\n'));
  }
  await comparePalettes(checked);
  await checkPoints(config);
}

interface CheckedPart {
  readonly part: DatasetPartName;
  readonly palettes: NonNullable<DatasetCheck['palettes']>;
}

/** Throws when an index has one color in the labels that train and another in those that evaluate. */
async function comparePalettes(parts: readonly CheckedPart[]): Promise<void> {
  const conflict = await findPaletteConflict(
    parts.flatMap(({ palettes }) => palettes),
    null,
  );
  if (conflict === null) return;
  const names = parts.map(({ part }) => `data.${part}`).join(' and ');
  throw new DataError(
    `${names}: ${conflict.examples.join(' and ')}: ${conflict.message}; see data.labelEncoding`,
  );
}

function checkParts(config: Config, label: string): void {
  labeled(label, () => {
    checkExtraHeads(config);
    checkCleanData(config);
    checkObjective(config);
    checkTeacher(config);
    checkTrustedLabels(config);
    checkStopping(config);
    checkCorrection(config);
    checkQuick(config);
    checkFill(config);
  });
}

/** Runs a check whose errors do not name the config. */
function labeled<T>(label: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(`config ${label}: ${error.message}`) : error;
  }
}

function checkWeights({ backbone, weights }: Config['model'], label: string): void {
  const backboneWeights = typeof backbone.weights === 'string' ? backbone.weights : null;
  if (backboneWeights !== null && weights !== null) {
    throw new ConfigError(
      `config ${label}: model.backbone.weights: ${backboneWeights} would be replaced by model.weights: ${weights}; ` +
        'set one of them to null',
    );
  }
  const published = labeled(label, () => publishedFileOf(backbone));
  if (
    backboneWeights !== null &&
    published === null &&
    !(existsSync(backboneWeights) && statSync(backboneWeights).isFile())
  ) {
    throw new ConfigError(
      `config ${label}: model.backbone.weights: no file ${backboneWeights}; give a .pth or .safetensors file, or null` +
        (existsSync(backboneWeights) ? ' (a whole run is given as model.weights)' : ''),
    );
  }
  if (weights !== null && !existsSync(weights)) {
    throw new ConfigError(
      `config ${label}: model.weights: no run or file ${weights}; give a run's folder, a .pth or .safetensors file, or null`,
    );
  }
  if (backbone.frozen && backboneWeights === null && weights === null) {
    throw new ConfigError(
      `config ${label}: model.backbone.frozen: ${backbone.frozen} would keep random values; give model.weights or ` +
        'model.backbone.weights too',
    );
  }
}

function checkOutput(output: string, label: string): void {
  let existing = path.resolve(output);
  while (!existsSync(existing)) existing = path.dirname(existing);
  if (isWritableFolder(existing)) return;
  throw new ConfigError(
    `config ${label}: output: cannot write runs to ${output}: ${existing} is not a folder you may write to; ` +
      'choose another with --output DIR',
  );
}

function isWritableFolder(folder: string): boolean {
  if (!statSync(folder).isDirectory()) return false;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
