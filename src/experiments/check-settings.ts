/**
 * Refuses options that would have no effect: a misspelled backbone in `--weights` would otherwise train for days from
 * random weights.
 */

import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import type { ExperimentTable } from './experiment-table.js';
import type { Scale, ScaleName } from './scale.js';
import type { ExperimentSettings, ExperimentSettingsInput } from './settings.js';

/** Names the options that only one scale takes, by their key in the settings. */
const optionsOfScale = {
  small: { learningRateScale: '--learning-rate-scale' },
  paper: { weights: '--weights' },
} as const satisfies Record<ScaleName, Partial<Record<keyof ExperimentSettings, string>>>;

/**
 * Checks the options given on this command line against the scale.
 *
 * @throws {ConfigError} when an option belongs to another scale
 */
export function checkScaleOptions(asked: ExperimentSettingsInput, scale: ScaleName): void {
  for (const [other, options] of Object.entries(optionsOfScale)) {
    if (other === scale) continue;
    for (const [key, option] of Object.entries(options)) {
      if (asked[key as keyof ExperimentSettingsInput] === undefined) continue;
      throw new ConfigError(
        `experiment: ${option} is of --scale ${other}, and this experiment is --scale ${scale}; leave it out, or give ` +
          `--scale ${other}`,
      );
    }
  }
}

/** Returns the settings without the options of other scales, which a folder may hold from earlier experiments. */
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
 * Checks that some run of the tables has each backbone that weights are given for.
 *
 * @throws {ConfigError} naming the nearest backbone when none has
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
