/** Whether a config's reweighter learns from clean labels, and whether the config names some. */

import { ConfigError } from '../errors/index.js';
import { reweighters } from '../reweighting/index.js';
import type { Config } from './schema.js';

export function learnsFromClean({ reweighter }: Pick<Config, 'reweighter'>): boolean {
  return reweighter !== null && reweighters.get(reweighter.kind).learnsFromClean === true;
}

/** @throws ConfigError naming both keys when the reweighter learns from clean labels and none are named */
export function checkCleanData(config: Pick<Config, 'reweighter' | 'data'>): void {
  if (!learnsFromClean(config) || config.data.clean !== null) return;
  throw new ConfigError(
    `reweighter.kind: ${config.reweighter?.kind} learns from clean labels, and data.clean names none; name some of ` +
      "the training images: --set 'data.clean={split: train, labels: fine, count: 20}'",
  );
}
