/** Proposes a `classes.json` from what the label files hold, for a folder whose list is missing or incomplete. */

import type { ClassList } from '../data/index.js';
import { cityscapesClasses, ignoreIndex } from '../data/index.js';
import type { ProposedClass, ProposedClasses } from './dataset-inspection.js';
import { colorKey, colorOf, type LabelTally } from './label-tally.js';

const maximumClasses = 255;

/**
 * Proposes a list in which every label of the files has a class; a person then fills in the names. Existing classes
 * keep their order. Returns null when the files hold nothing to go by, or more colors than a list can have.
 */
export function proposeClasses(
  tallies: readonly LabelTally[],
  existing: ClassList | null,
): ProposedClasses | null {
  const colors = countsOver(tallies, 'colors');
  const values = countsOver(tallies, 'values');
  if (tallies.some(({ tooManyColors }) => tooManyColors) || colors.size > maximumClasses) return null;
  let classes: ProposedClass[];
  if (colors.size > 0) classes = fromColors(colors, existing);
  else classes = existing === null ? fromValues(values, tallies) : withBackground(existing, values);
  if (classes.length === 0 || classes.length > maximumClasses) return null;
  return { classes };
}

/** Sums pixels by value or color over all label folders, the most frequent first. */
function countsOver(tallies: readonly LabelTally[], form: 'values' | 'colors'): Map<number, number> {
  const counts = new Map<number, number>();
  for (const tally of tallies) {
    for (const [key, { pixels }] of tally[form]) counts.set(key, (counts.get(key) ?? 0) + pixels);
  }
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

/**
 * Returns one class for each color; black stays "not labeled". Listed classes are kept if one of their colors occurs.
 */
function fromColors(colors: ReadonlyMap<number, number>, existing: ClassList | null): ProposedClass[] {
  const listed = existing?.classes ?? [];
  const kept = listed.some(({ color }) => colors.has(colorKey(...color))) ? listed : [];
  const known = new Set(kept.map(({ color }) => colorKey(...color)));
  const added = [...colors.keys()].filter((key) => key !== 0 && !known.has(key));
  return [...kept, ...nameColors(added)];
}

/** Names colors after Cityscapes' classes when all are of its palette, and after their numbers otherwise. */
function nameColors(colors: readonly number[]): ProposedClass[] {
  const known = new Map(cityscapesClasses.map(({ name, color }) => [colorKey(...color), name]));
  const allKnown = colors.every((key) => known.has(key));
  return colors.map((key) => {
    const color = colorOf(key);
    return { name: (allKnown ? known.get(key) : undefined) ?? `rgb-${color.join('-')}`, color };
  });
}

/** Returns the list with a class for value 0 in front when that is all it lacks, and an empty list otherwise. */
function withBackground({ classes }: ClassList, values: ReadonlyMap<number, number>): ProposedClass[] {
  const unknown = [...values.keys()].filter((value) => value !== ignoreIndex && value >= classes.length);
  return unknown.length === 1 && unknown[0] === classes.length ? [{ name: 'background' }, ...classes] : [];
}

/** Returns one class for each value from 0 to the greatest, colored by the palette where the files have one. */
function fromValues(values: ReadonlyMap<number, number>, tallies: readonly LabelTally[]): ProposedClass[] {
  const greatest = Math.max(-1, ...[...values.keys()].filter((value) => value !== ignoreIndex));
  const palette = tallies.find((tally) => tally.palette !== null)?.palette ?? null;
  const entries = Array.from({ length: greatest + 1 }, (_, value): ProposedClass => {
    const name = values.has(value) ? `class-${value}` : `unused-${value}`;
    const [red, green, blue] = palette?.subarray(3 * value, 3 * value + 3) ?? [];
    const colored = red !== undefined && green !== undefined && blue !== undefined;
    return colored ? { name, color: [red, green, blue] as const } : { name };
  });
  const written = entries.flatMap(({ color }) => (color === undefined ? [] : [colorKey(...color)]));
  const distinct = new Set(written).size === written.length;
  return distinct ? entries : entries.map(({ name }) => ({ name }));
}
