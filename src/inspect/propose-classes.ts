/** A `classes.json` made from what label files hold, for a folder that has none, or one that misses colors. */

import type { ClassList } from '../data/index.js';
import { cityscapesClasses, ignoreIndex } from '../data/index.js';
import type { ProposedClass, ProposedClasses } from './diagnosis.js';
import { colorKey, colorOf, type LabelTally } from './label-tally.js';

const mostClasses = 255;

/**
 * A list under which every label in the files means something, names to be filled in by a person. Null when the files
 * hold nothing to go by, or more colors than there can be classes. Existing classes keep their places.
 */
export function proposeClasses(
  tallies: readonly LabelTally[],
  existing: ClassList | null,
): ProposedClasses | null {
  const colors = countsOver(tallies, 'colors');
  const values = countsOver(tallies, 'values');
  if (tallies.some(({ tooManyColors }) => tooManyColors) || colors.size > mostClasses) return null;
  let classes: ProposedClass[];
  if (colors.size > 0) classes = fromColors(colors, existing);
  else classes = existing === null ? fromValues(values, tallies) : withBackground(existing, values);
  if (classes.length === 0 || classes.length > mostClasses) return null;
  return { classes };
}

/** Pixels by value or color over all sets of labels, the most frequent first. */
function countsOver(tallies: readonly LabelTally[], form: 'values' | 'colors'): Map<number, number> {
  const counts = new Map<number, number>();
  for (const tally of tallies) {
    for (const [key, { pixels }] of tally[form]) counts.set(key, (counts.get(key) ?? 0) + pixels);
  }
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

/** A class for each color; black stays "not labeled". Listed classes stay if one of their colors was found. */
function fromColors(colors: ReadonlyMap<number, number>, existing: ClassList | null): ProposedClass[] {
  const listed = existing?.classes ?? [];
  const kept = listed.some(({ color }) => colors.has(colorKey(...color))) ? listed : [];
  const known = new Set(kept.map(({ color }) => colorKey(...color)));
  const added = [...colors.keys()].filter((key) => key !== 0 && !known.has(key));
  return [...kept, ...named(added)];
}

/** Colors that are all of one published palette have its names; others are called by their numbers. */
function named(colors: readonly number[]): ProposedClass[] {
  const known = new Map(cityscapesClasses.map(({ name, color }) => [colorKey(...color), name]));
  const allKnown = colors.every((key) => known.has(key));
  return colors.map((key) => {
    const color = colorOf(key);
    return { name: (allKnown ? known.get(key) : undefined) ?? `rgb-${color.join('-')}`, color };
  });
}

/** The list with an entry for value 0 in front, where that is the only thing it lacks. */
function withBackground({ classes }: ClassList, values: ReadonlyMap<number, number>): ProposedClass[] {
  const unknown = [...values.keys()].filter((value) => value !== ignoreIndex && value >= classes.length);
  return unknown.length === 1 && unknown[0] === classes.length ? [{ name: 'background' }, ...classes] : [];
}

/** A class for each value from 0 to the greatest, in the colors of the palette where the files have one. */
function fromValues(values: ReadonlyMap<number, number>, tallies: readonly LabelTally[]): ProposedClass[] {
  const greatest = Math.max(-1, ...[...values.keys()].filter((value) => value !== ignoreIndex));
  const palette = tallies.find((tally) => tally.palette !== null)?.palette ?? null;
  const entries = Array.from({ length: greatest + 1 }, (_, value): ProposedClass => {
    const name = values.has(value) ? `class-${value}` : `unused-${value}`;
    const [red, green, blue] = palette?.[value] ?? [];
    const colored = red !== undefined && green !== undefined && blue !== undefined;
    return colored ? { name, color: [red, green, blue] as const } : { name };
  });
  const written = entries.flatMap(({ color }) => (color === undefined ? [] : [colorKey(...color)]));
  const distinct = new Set(written).size === written.length;
  return distinct ? entries : entries.map(({ name }) => ({ name }));
}
