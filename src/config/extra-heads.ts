/** Finds the extra heads that a config's loss needs, so that training and loading build the same network. */

import { ConfigError } from '../errors/index.js';
import { losses } from '../losses/index.js';
import { confidences } from '../reweighting/index.js';
import type { Config } from './schema.js';

/** Returns the number of channels by the name of an extra head; empty for most losses. */
export function extraHeadsOf({ loss }: Pick<Config, 'loss'>): Readonly<Record<string, number>> {
  return losses.get(loss.kind).extraHeads ?? {};
}

/**
 * Checks that the loss trains every head that the confidence reads.
 * @throws {ConfigError} naming both keys when it does not
 */
export function checkExtraHeads(config: Pick<Config, 'loss' | 'confidence'>): void {
  const heads = extraHeadsOf(config);
  const { loss, confidence } = config;
  for (const name of confidences.get(confidence.kind).needs ?? []) {
    if (name in heads) continue;
    const able = losses.kinds().filter((kind) => name in (losses.get(kind).extraHeads ?? {}));
    throw new ConfigError(
      `confidence.kind: ${confidence.kind} reads the head ${name}, which loss.kind: ${loss.kind} does not train; ` +
        `use loss.kind: ${able.join(' or ') || 'one that declares it'}, or another confidence`,
    );
  }
}
