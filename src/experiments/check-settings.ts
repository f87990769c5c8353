/** Rejects options without effect; otherwise a misspelled backbone would train for days from random weights. */

import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import type { ExperimentTable } from './experiment-table.js';
import type { Scale, ScaleName } from './scale.js';
import type { ExperimentSettings, ExperimentSettingsInput } from './settings.js';

/** Holds the options that only one scale takes, by their key in the settings. */
const optionsOfScale = {
  small: { learningRateScale: '--learning-rate-scale' },
  paper: { weights: '--weights' },
} as const satisfies Record<ScaleName, Partial<Record<keyof ExperimentSettings, string>>>;

/**
 * Checks that the scale takes every given option.
 * @throws {ConfigError} naming an option of another scale
 */
export function checkScaleOptions(given: ExperimentSettingsInput, scale: ScaleName): void {
  for (const [other, options] of Object.entries(optionsOfScale)) {
    if (other === scale) continue;
    for (const [key, option] of Object.entries(options)) {
      if (given[key as keyof ExperimentSettingsInput] === undefined) continue;
      throw new ConfigError(
        `experiment: ${option} is of --scale ${other}, but this experiment has --scale ${scale}; leave it out, or use ` +
          `--scale ${other}`,
      );
    }
  }
}

/** Returns the settings without options of other scales, which the folder may hold from earlier experiments. */
export function settingsOfScale(settings: ExperimentSettings): ExperimentSettings {
  switch (settings.scale) {
    case 'small':
      return { ...settings, weights: {} };
    case 'paper':
      return { ...settings, learningRateScale: undefined };
    default:
      return settings.scale satisfies never;
  }
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
