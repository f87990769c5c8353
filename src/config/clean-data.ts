/** Checks that a config names clean labels when its reweighter learns from them. */

import { ConfigError } from '../errors/index.js';
import { reweighters } from '../reweighting/index.js';
import type { Config } from './schema.js';

/** Returns whether the reweighter of a config learns from clean labels. */
export function learnsFromClean({ reweighter }: Pick<Config, 'reweighter'>): boolean {
  return reweighter !== null && reweighters.get(reweighter.kind).learnsFromClean === true;
}

/**
 * Checks that clean labels are named when the reweighter learns from them.
 * @throws {ConfigError} naming both keys when they are not
 */
export function checkCleanData(config: Pick<Config, 'reweighter' | 'data'>): void {
  if (!learnsFromClean(config) || config.data.clean !== null) return;
  throw new ConfigError(
    `reweighter.kind: ${config.reweighter?.kind} learns from clean labels, but data.clean is null; name some of ` +
      "the training images: --set 'data.clean={split: train, labels: fine, count: 20}'",
  );
}
