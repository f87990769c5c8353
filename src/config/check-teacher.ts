/** Checks that a config keeps a moving average of the network where something reads its predictions. */

import { ConfigError } from '../errors/index.js';
import { regionLosses } from '../losses/index.js';
import { namedReweighters } from '../reweighting/internal.js';
import type { Config } from './schema.js';

/**
 * Checks that the teacher is there if a part of the training reads its predictions.
 * @throws {ConfigError} naming both keys when it is not
 */
export function checkTeacher(config: Pick<Config, 'teacher' | 'reweighter' | 'regionLosses'>): void {
  const reader = readerOf(config);
  if (reader === null || config.teacher !== null) return;
  throw new ConfigError(
    `${reader} reads what a moving average of the network predicts, but teacher is null; keep one: ` +
      "--set 'teacher={momentum: 0.99}'",
  );
}

/** Names the key of the part that reads the teacher; null where none does. */
function readerOf(config: Pick<Config, 'reweighter' | 'regionLosses'>): string | null {
  for (const { key, section, component } of namedReweighters(config.reweighter)) {
    const { kind, ...options } = section;
    if (component.needsTeacher?.(options)) return `${key}.inputs: agreement of ${kind}`;
  }
  const place = config.regionLosses.findIndex(({ kind }) =>
    regionLosses.get(kind).needs?.includes('teacher'),
  );
  return place < 0 ? null : `regionLosses.${place}.kind: ${config.regionLosses[place]?.kind}`;
}
