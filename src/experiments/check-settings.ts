/** Rejects options without effect; otherwise a misspelled backbone would train for days from random weights. */

import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import type { ExperimentTable } from './experiment-table.js';
import type { Scale } from './scale.js';
import type { ExperimentSettings, ExperimentSettingsInput } from './settings.js';

type Size = Pick<ExperimentSettings, 'scale' | 'mode'>;

/**
 * Checks that scale and mode take every given option.
 * @throws {ConfigError} naming an option of another scale
 */
export function checkScaleOptions(given: ExperimentSettingsInput, size: Size): void {
  const { scale } = size;
  if (given.learningRateScale !== undefined && !takesRate(size)) {
    throw new ConfigError(
      `experiment: --learning-rate-scale is of --scale small, but this experiment has --scale ${scale}; leave it out, ` +
        'or use --scale small',
    );
  }
  if (given.weights !== undefined && !takesWeights(size)) {
    throw new ConfigError(
      `experiment: --weights is of --scale paper, but this experiment has --scale ${scale}; leave it out, or use ` +
        '--scale paper, --mode quick or --mode pretrained',
    );
  }
}

/** Returns the settings without options of other scales, which the folder may hold from earlier experiments. */
export function settingsOfScale(settings: ExperimentSettings): ExperimentSettings {
  return {
    ...settings,
    ...(takesRate(settings) ? {} : { learningRateScale: undefined }),
    ...(takesWeights(settings) ? {} : { weights: {} }),
  };
}

function takesRate({ scale, mode }: Size): boolean {
  return scale === 'small' || mode !== 'full';
}

function takesWeights({ scale, mode }: Size): boolean {
  return scale === 'paper' || mode !== 'full';
}

/**
 * Checks that weights are given only for backbones that a run of the tables has.
 * @throws {ConfigError} with the nearest name when they are not
 */
export function checkWeightKinds(
  weights: ExperimentSettingsInput['weights'],
  { tables, scale }: { readonly tables: readonly ExperimentTable[]; readonly scale: Scale },
): void {
  const kinds = new Set<string>();
  for (const { run } of tables.flatMap(({ rows }) => rows)) {
    const scaled = scale.scaled(run);
    const kind = 'missing' in scaled ? undefined : scaled.config.model?.backbone?.kind;
    if (kind !== undefined) kinds.add(kind);
  }
  const known = [...kinds];
  for (const [kind, file] of Object.entries(weights ?? {})) {
    if (kinds.has(kind)) continue;
    throw new ConfigError(
      `experiment: --weights ${kind}=${file}: no run of these tables has the backbone ${kind}` +
        `${suggestion(kind, known)} (used: ${known.join(', ')})`,
    );
  }
}
