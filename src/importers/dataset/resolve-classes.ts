/** Makes the classes of a dataset of those that the files of annotations name. */

import { type Color, type DatasetClass, ignoreIndex } from '../../data/index.js';
import { listNames, withColors } from '../../data/internal.js';
import { ConfigError, DataError } from '../../errors/index.js';
import { suggestion } from '../../errors/internal.js';
import type { ListedClass } from '../annotations.js';
import type { LabelsByName } from '../draw-annotations.js';
import { type ClassChoice, composed } from './class-choice.js';

/** Says what becomes of pixels that nobody labeled: 255, or the class `background`. */
export type UnlabeledPixels = 'ignore' | 'background';

/** Holds the classes of a dataset and where they come from. */
export interface ResolvedClasses {
  readonly classes: readonly DatasetClass[];
  /** Maps the names in the files, as they are written there, to labels: null for unlabeled, 255 for ignored. */
  readonly labels: LabelsByName;
  /** Is the label of pixels that nobody labeled. */
  readonly unlabeled: number;
  /** Lists classes of the files that the choice does not name, and that are unlabeled therefore. */
  readonly leftOut: readonly string[];
  /** Has a line for everything that was assumed about names. */
  readonly notes: readonly string[];
}

/** Configures `resolveClasses`. */
export interface ResolveClassesOptions {
  /** Lists the classes that the tool states, in its order; null where it states none. */
  readonly listed: readonly ListedClass[] | null;
  /** Lists the names that annotations have, as they are written. */
  readonly seen: readonly string[];
  readonly choice: ClassChoice | null;
  readonly unlabeled: UnlabeledPixels;
  /** Names the source in messages. */
  readonly source: string;
}

const background = 'background';
/** Is the color of the class of unlabeled pixels, unless a class has it. */
const black: Color = [0, 0, 0];
/** Value 255 of a label file is never a class. */
const mostClasses = ignoreIndex;

/**
 * Returns the classes of a dataset: those that the tool lists in its order, and others in alphabetical order behind them, or
 * those of the choice in its order.
 *
 * @throws {ConfigError} when the choice names a class that the files do not have
 * @throws {DataError} when there is no class, or more than fit into a label file
 */
export function resolveClasses({
  listed,
  seen,
  choice,
  unlabeled,
  source,
}: ResolveClassesOptions): ResolvedClasses {
  const written = new Map<string, Set<string>>();
  const colors = new Map<string, Color>();
  for (const { name, color } of listed ?? []) {
    addTo(written, name);
    if (color !== undefined && !colors.has(composed(name))) colors.set(composed(name), color);
  }
  const known = [...written.keys()];
  for (const name of seen) addTo(written, name);
  // An empty name is none: what it marks is ignored.
  const nameless = written.get('');
  written.delete('');
  const others = [...written.keys()].filter((name) => !known.includes(name)).sort();
  const names = [...known.filter((name) => name !== ''), ...others];
  const targets = targetsOf(names, { choice, source });
  const kept = keptClasses(names, { targets, choice });
  const unlabeledName =
    unlabeled === 'background'
      ? (kept.find((name) => name.toLowerCase() === background) ?? background)
      : null;
  if (unlabeledName !== null && !kept.includes(unlabeledName)) kept.unshift(unlabeledName);
  if (kept.length === 0) throw new DataError(`${source}: no annotation has a class; nothing can be imported`);
  if (kept.length > mostClasses) {
    throw new DataError(
      `${source}: has ${kept.length} classes, of which a label file holds ${mostClasses} (${listNames(kept)}); ` +
        'choose or merge classes with --classes',
    );
  }
  const indices = new Map(kept.map((name, index) => [name, index] as const));
  const labels = new Map<string, number | null>();
  for (const [name, forms] of written) {
    const target = targets.get(name);
    const label =
      target === undefined ? null : target === null ? ignoreIndex : (indices.get(target) as number);
    for (const form of forms) labels.set(form, label);
  }
  for (const form of nameless ?? []) labels.set(form, ignoreIndex);
  return {
    classes: coloredClasses(kept, { names, targets, colors, choice, unlabeledName }),
    labels,
    unlabeled: unlabeledName === null ? ignoreIndex : (indices.get(unlabeledName) as number),
    leftOut: names.filter((name) => !targets.has(name)),
    notes: [
      ...similarNames(kept),
      ...(nameless === undefined ? [] : ['annotations without a class are ignored']),
    ],
  };
}

function addTo(written: Map<string, Set<string>>, name: string): void {
  const forms = written.get(composed(name));
  if (forms === undefined) written.set(composed(name), new Set([name]));
  else forms.add(name);
}

/** Returns the class of the dataset for each class of the files; null where it is ignored, none where it is not chosen. */
function targetsOf(
  names: readonly string[],
  { choice, source }: { readonly choice: ClassChoice | null; readonly source: string },
): ReadonlyMap<string, string | null> {
  if (choice === null) return new Map(names.map((name) => [name, name] as const));
  for (const name of choice.sources.keys()) {
    if (names.includes(name)) continue;
    throw new ConfigError(
      `${source}: no class '${name}', which --classes names${suggestion(name, names)}; classes are ${listNames(names, { count: 20 })}`,
    );
  }
  const targets = new Map<string, string | null>();
  for (const name of names) {
    const target = choice.sources.get(name);
    if (target !== undefined) targets.set(name, target);
    else if (choice.rest === 'keep') targets.set(name, name);
    else if (choice.rest !== null) targets.set(name, choice.rest.mergedInto);
  }
  return targets;
}

/** Returns the names of the dataset's classes in their order. */
function keptClasses(
  names: readonly string[],
  {
    targets,
    choice,
  }: { readonly targets: ReadonlyMap<string, string | null>; readonly choice: ClassChoice | null },
): string[] {
  const chosen = choice?.classes.map(({ name }) => name) ?? [];
  const used = names.map((name) => targets.get(name)).filter((name) => name !== undefined && name !== null);
  return [...new Set([...chosen.filter((name) => used.includes(name)), ...used])];
}

function coloredClasses(
  kept: readonly string[],
  {
    names,
    targets,
    colors,
    choice,
    unlabeledName,
  }: {
    readonly names: readonly string[];
    readonly targets: ReadonlyMap<string, string | null>;
    readonly colors: ReadonlyMap<string, Color>;
    readonly choice: ClassChoice | null;
    readonly unlabeledName: string | null;
  },
): DatasetClass[] {
  const taken = new Set<string>();
  // A color that two classes have tells neither, so that the second gets one of its own.
  const unique = (color: Color | undefined): Color | undefined => {
    if (color === undefined || taken.has(`${color}`)) return undefined;
    taken.add(`${color}`);
    return color;
  };
  const stated = (name: string): Color | undefined => {
    const chosen = choice?.classes.find((one) => one.name === name)?.color;
    if (chosen !== undefined) return chosen;
    const first = [name, ...names].find((one) => targets.get(one) === name && colors.has(one));
    return first === undefined ? undefined : colors.get(first);
  };
  const given = kept.map((name) => ({ name, color: unique(stated(name)) }));
  return withColors(
    given.map((one) =>
      one.name === unlabeledName && one.color === undefined && !taken.has(`${black}`)
        ? { ...one, color: black }
        : one,
    ),
  );
}

/** Names classes that differ in capitals or spaces alone, which are mostly one class written in two ways. */
function similarNames(names: readonly string[]): string[] {
  const forms = new Map<string, string>();
  const notes: string[] = [];
  for (const name of names) {
    const form = name.toLowerCase().replaceAll(/[\s_-]/g, '');
    const other = forms.get(form);
    if (other === undefined) forms.set(form, name);
    else {
      notes.push(
        `'${other}' and '${name}' are two classes; if they are one, merge them: --classes '${name}=${other},*'`,
      );
    }
  }
  return notes;
}
