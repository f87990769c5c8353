/** How one config changes another: keys merge deeply, but another `kind` starts its section afresh. */

export type Section = Readonly<Record<string, unknown>>;

/** True for a plain object, which merges key by key; lists and scalars replace. */
export function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `base` with the keys of `changes`. A section whose `kind` changes takes none of the base's options, as those belong to
 * another component.
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
