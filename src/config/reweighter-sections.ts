/** Lists the sections of a config that name a reweighter, for those who read one option of whichever has it. */

import type { ComponentSection } from '../registry/index.js';
import { namedReweighters } from '../reweighting/internal.js';
import type { Config } from './schema.js';

/** Returns the section of the reweighter and of those inside it, the outermost first; none without a reweighter. */
export function reweighterSections({ reweighter }: Pick<Config, 'reweighter'>): readonly ComponentSection[] {
  return namedReweighters(reweighter).map(({ section }) => section);
}
