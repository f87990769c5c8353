/**
 * Finds the reweighters that a section of a config names: its own, and those inside it where one passes pixels on to
 * another.
 */

import type { ComponentSection } from '../registry/index.js';
import type { ReweighterComponent } from './reweighter.js';
import { reweighters } from './reweighters.js';

/** Holds a reweighter that a config names. */
export interface NamedReweighter {
  /** Is the config key of its section: `reweighter`, or `reweighter.reweighter` for an inner one. */
  readonly key: string;
  readonly section: ComponentSection;
  readonly component: ReweighterComponent;
}

/**
 * Returns the reweighter of a parsed section and those inside it, the outermost first; none for null.
 *
 * @throws {ConfigError} when a kind is unknown
 */
export function namedReweighters(
  section: ComponentSection | null,
  { key = 'reweighter' }: { readonly key?: string } = {},
): NamedReweighter[] {
  if (section === null) return [];
  const component = reweighters.get(section.kind);
  const { innerKey } = component;
  const inner = innerKey === undefined ? null : ((section[innerKey] ?? null) as ComponentSection | null);
  return [{ key, section, component }, ...namedReweighters(inner, { key: `${key}.${innerKey}` })];
}
