/**
 * Compares the palettes of palette PNGs. Programs that reduce colors number them anew in each file, so that masks which look
 * right mean something else by index. The palettes must agree over the indices that are used, with each other and with the
 * colors that classes.json states.
 */

import { DataError } from '../../errors/index.js';
import { counted } from '../../format/index.js';
import { type ClassList, type Color, ignoreIndex } from '../classes.js';
import { readLabelSamples } from '../images/label-samples.js';
import { readPalette } from '../images/png-chunks.js';

const filesAtOnce = 16;
const indexCount = 256;

/** Describes an index that stands for different classes. */
export interface PaletteConflict {
  /** Says in one line which index has which colors, and in how many files. */
  readonly message: string;
  /** Names a file of each color. */
  readonly examples: readonly string[];
}

/** Says what the indices of palette PNGs have to agree with. */
export interface PaletteMeaning {
  readonly classList: ClassList | null;
  /** Says what a person can do about palettes that differ. */
  readonly remedy: string;
}

/** Holds the label files that have one palette. */
export interface PaletteGroup {
  /** Holds red, green and blue of each index, one after the other. */
  readonly palette: Uint8Array;
  readonly paths: readonly string[];
}

/**
 * Returns the first index whose color differs between label files, or belongs to another class of the list; null when the
 * palettes agree. Files are decoded only where their palettes differ.
 */
export async function findPaletteConflict(
  groups: readonly PaletteGroup[],
  classList: ClassList | null,
): Promise<PaletteConflict | null> {
  const ignored: ReadonlySet<number> = new Set([ignoreIndex, classList?.ignoredValue ?? ignoreIndex]);
  const suspects = suspectIndices(groups, { classList, ignored });
  if (suspects.size === 0) return null;
  const seen = new Map<number, { readonly color: string; readonly path: string }>();
  for (const { path, palette } of inTurns(groups)) {
    const used = (await usedIndices(path)).filter((index) => suspects.has(index));
    for (const index of used) {
      const color = colorAt(palette, index);
      if (color === null) continue;
      const owner = otherOwner(index, { palette, classList });
      if (owner !== null) return ownerConflict(index, { owner, color, path, groups });
      const first = seen.get(index);
      if (first === undefined) seen.set(index, { color: `${color}`, path });
      else if (first.color !== `${color}`) {
        return colorConflict(index, { first, second: { color: `${color}`, path }, groups, classList });
      }
    }
  }
  return null;
}

/** Reads the palettes of those files that have one. */
export async function groupByPalette(paths: readonly string[]): Promise<PaletteGroup[]> {
  const groups = new Map<string, { readonly palette: Uint8Array; readonly paths: string[] }>();
  for (let start = 0; start < paths.length; start += filesAtOnce) {
    const some = paths.slice(start, start + filesAtOnce);
    const palettes = await Promise.all(some.map(readPalette));
    for (const [place, palette] of palettes.entries()) {
      if (palette === null) continue;
      const key = Buffer.from(palette).toString('latin1');
      const group = groups.get(key) ?? { palette: palette.slice(), paths: [] };
      groups.set(key, group);
      group.paths.push(some[place] as string);
    }
  }
  return [...groups.values()];
}

/** Returns the indices at which palettes differ or have the color of another class, whether they are used or not. */
function suspectIndices(
  groups: readonly PaletteGroup[],
  { classList, ignored }: { readonly classList: ClassList | null; readonly ignored: ReadonlySet<number> },
): ReadonlySet<number> {
  const suspects = new Set<number>();
  for (let index = 0; index < indexCount; index++) {
    if (ignored.has(index)) continue;
    const colors = new Set<string>();
    for (const { palette } of groups) {
      const color = colorAt(palette, index);
      if (color !== null) colors.add(`${color}`);
      if (color !== null && otherOwner(index, { palette, classList }) !== null) suspects.add(index);
    }
    if (colors.size > 1) suspects.add(index);
  }
  return suspects;
}

function colorAt(palette: Uint8Array, index: number): Color | null {
  const [red, green, blue] = palette.subarray(3 * index, 3 * index + 3);
  return red === undefined || green === undefined || blue === undefined ? null : [red, green, blue];
}

/**
 * Returns the class to which classes.json gives the color of an index although it is another's; null when there is none, and
 * when the palette has one color for all classes, which means nothing.
 */
function otherOwner(
  index: number,
  { palette, classList }: { readonly palette: Uint8Array; readonly classList: ClassList | null },
): { readonly index: number; readonly name: string } | null {
  const stated = classList?.statedColors ?? [];
  const color = `${colorAt(palette, index)}`;
  const owner = stated.findIndex((one) => one !== undefined && `${one}` === color);
  if (owner < 0 || owner === index) return null;
  const entries = stated.map((_, place) => `${colorAt(palette, place)}`);
  const name = classList?.classes[owner]?.name ?? `${owner}`;
  return new Set(entries).size > 1 ? { index: owner, name } : null;
}

/** Yields the files of all groups in turns, so that a conflict between groups shows soon. */
function* inTurns(
  groups: readonly PaletteGroup[],
): Generator<{ readonly path: string; readonly palette: Uint8Array }> {
  const longest = Math.max(...groups.map(({ paths }) => paths.length));
  for (let turn = 0; turn < longest; turn++) {
    for (const { paths, palette } of groups) {
      const path = paths[turn];
      if (path !== undefined) yield { path, palette };
    }
  }
}

/** Returns the indices in a file, ascending; none for a file that cannot be read, which is reported elsewhere. */
async function usedIndices(path: string): Promise<number[]> {
  const stored = await readLabelSamples(path).catch((error: unknown) => {
    if (!(error instanceof DataError)) throw error;
    return null;
  });
  const found = new Uint8Array(indexCount);
  for (const index of stored?.samples ?? []) found[index] = 1;
  return Array.from(found.keys()).filter((index) => found[index] === 1);
}

/** Counts the files whose palette has this color at an index. */
function filesWith(color: string, index: number, groups: readonly PaletteGroup[]): number {
  return groups
    .filter(({ palette }) => `${colorAt(palette, index)}` === color)
    .reduce((sum, { paths }) => sum + paths.length, 0);
}

interface ShownColor {
  readonly color: string;
  readonly path: string;
}

function colorConflict(
  index: number,
  {
    first,
    second,
    groups,
    classList,
  }: {
    readonly first: ShownColor;
    readonly second: ShownColor;
    readonly groups: readonly PaletteGroup[];
    readonly classList: ClassList | null;
  },
): PaletteConflict {
  const name = classList?.classes[index]?.name;
  const words = ({ color }: ShownColor) => `(${color.replaceAll(',', ', ')}) in ${filesOf(color)}`;
  const filesOf = (color: string) => counted(filesWith(color, index, groups), 'file');
  return {
    message:
      `the palettes differ: index ${index}${name === undefined ? '' : ` ('${name}')`} is ${words(first)} ` +
      `and ${words(second)}`,
    examples: [first.path, second.path],
  };
}

function ownerConflict(
  index: number,
  {
    owner,
    color,
    path,
    groups,
  }: {
    readonly owner: { readonly index: number; readonly name: string };
    readonly color: Color;
    readonly path: string;
    readonly groups: readonly PaletteGroup[];
  },
): PaletteConflict {
  return {
    message:
      `index ${index} of the palette has the color of '${owner.name}', which is ${owner.index} in classes.json, ` +
      `in ${counted(filesWith(`${color}`, index, groups), 'file')}`,
    examples: [path],
  };
}
