/** Merges configs: keys merge deeply, but another `kind` replaces its whole section. */

/** Holds keys and values of a config or a part of it. */
export type Section = Readonly<Record<string, unknown>>;

/** Returns whether a value is a section, which merges key by key; lists and scalars replace. */
export function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns `base` with the keys of `changes`. A section whose `kind` changes keeps none of the base's options, because they
 * belong to another component.
 */
export function mergeSections(base: Section, changes: Section): Section {
  if ('kind' in changes && changes.kind !== base.kind) return changes;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    merged[key] = isSection(before) && isSection(value) ? mergeSections(before, value) : value;
  }
  return merged;
}
