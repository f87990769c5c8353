/** Checks what a reweighter that learns from clean labels asks of a config. */

import { ConfigError } from '../errors/index.js';
import { type NamedReweighter, namedReweighters } from '../reweighting/internal.js';
import type { Config } from './schema.js';

/** Returns whether the reweighter of a config, or one inside it, learns from clean labels. */
export function learnsFromClean(config: Pick<Config, 'reweighter'>): boolean {
  return cleanLearnerOf(config) !== undefined;
}

/**
 * Checks that clean labels are named when the reweighter learns from them.
 * @throws {ConfigError} naming both keys when they are not
 */
export function checkCleanData(config: Pick<Config, 'reweighter' | 'data'>): void {
  const learner = cleanLearnerOf(config);
  if (learner === undefined || config.data.clean !== null) return;
  throw new ConfigError(
    `${learner.key}.kind: ${learner.section.kind} learns from clean labels, but data.clean is null; name some of ` +
      "the training images: --set 'data.clean={split: train, labels: fine, count: 20}'",
  );
}

/**
 * Checks that labels are not corrected under a reweighter that learns from the losses of the labels as they are.
 * @throws {ConfigError} naming both keys when they are
 */
export function checkCorrection(config: Pick<Config, 'reweighter' | 'correction'>): void {
  const learner = cleanLearnerOf(config);
  if (learner === undefined || config.correction === null) return;
  throw new ConfigError(
    `correction: replaces labels during training, and ${learner.key}.kind: ${learner.section.kind} learns from their losses ` +
      'before each step; use correction: null, or another reweighter',
  );
}

/** Returns the reweighter of a config that learns from clean labels; undefined where there is none. */
export function cleanLearnerOf({ reweighter }: Pick<Config, 'reweighter'>): NamedReweighter | undefined {
  return namedReweighters(reweighter).find(({ component }) => component.learnsFromClean === true);
}
