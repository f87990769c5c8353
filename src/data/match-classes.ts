/**
 * Matches two lists of classes by name: those that a network predicts and those of a dataset. Names agree whatever their
 * capitals, spaces, dashes and underscores, unless one list has several names that differ in these alone.
 */

import type { DatasetClass } from './classes.js';

/** Is a class as far as matching reads it. */
type Named = Pick<DatasetClass, 'name'>;

/** Says how a list of classes relates to the list that is wanted. */
export interface ClassMatch {
  /** Gives for each wanted class its index in the given list; null where that list has no such class. */
  readonly sources: readonly (number | null)[];
  /** Names the given classes that no wanted class has. */
  readonly left: readonly string[];
  /** Names the wanted classes that no given class has. */
  readonly missing: readonly string[];
  /** Is `same` for the same names in the same order, `reordered` for the same names in another, else `different`. */
  readonly relation: 'same' | 'reordered' | 'different';
}

/** Matches the given classes with the wanted ones by name. A name that a list has twice matches nothing. */
export function matchClasses(given: readonly Named[], wanted: readonly Named[]): ClassMatch {
  const sources: (number | null)[] = wanted.map(() => null);
  for (const form of [exactName, plainName]) matchBy(form, { sources, given, wanted });
  const used = new Set(sources);
  const left = given.flatMap(({ name }, index) => (used.has(index) ? [] : [name]));
  const missing = wanted.flatMap(({ name }, index) => (sources[index] === null ? [name] : []));
  const inOrder = sources.every((source, index) => source === index);
  const relation = left.length + missing.length > 0 ? 'different' : inOrder ? 'same' : 'reordered';
  return { sources, left, missing, relation };
}

/** Matches the classes that are not matched yet by a form of their names, where that form tells them apart. */
function matchBy(
  form: (name: string) => string,
  {
    sources,
    given,
    wanted,
  }: { sources: (number | null)[]; readonly given: readonly Named[]; readonly wanted: readonly Named[] },
): void {
  const used = new Set(sources);
  const isFree = (index: number) => !used.has(index);
  const free = indexOfNames(given, { form, isFree });
  const asked = indexOfNames(wanted, { form, isFree: (index) => sources[index] === null });
  for (const [name, index] of asked) if (index !== null) sources[index] = free.get(name) ?? null;
}

/** Returns the index of every name among the free classes; null for a name that several of them have. */
function indexOfNames(
  classes: readonly Named[],
  { form, isFree }: { readonly form: (name: string) => string; readonly isFree: (index: number) => boolean },
): Map<string, number | null> {
  const indices = new Map<string, number | null>();
  for (const [index, { name }] of classes.entries()) {
    if (!isFree(index)) continue;
    const formed = form(name);
    indices.set(formed, indices.has(formed) ? null : index);
  }
  return indices;
}

function exactName(name: string): string {
  return name.normalize('NFC');
}

function plainName(name: string): string {
  return exactName(name)
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '');
}

/** Writes at most `count` names, and how many others there are. */
export function listNames(names: readonly string[], { count = 6 }: { readonly count?: number } = {}): string {
  const shown = names.slice(0, count).join(', ');
  return names.length > count ? `${shown} and ${names.length - count} more` : shown;
}
