/** Finds out which values or colors masks have and which class each of them is. */

import { type Color, ignoreIndex } from '../../data/index.js';
import { type LabelSamples, readLabelSamples, shownColor } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { ListedClass } from '../annotations.js';
import { alphaOf } from '../label-images/transparent-pixels.js';
import { backgroundMessage, isBackgroundName, type Report } from '../reading.js';
import type { MaskClassList } from './class-list-file.js';
import { mostColors } from './mask-pairs.js';

/** Is what a value or color stands for: a class, nothing that was labeled, or pixels that nobody should learn from. */
export type Meaning = { readonly name: string; readonly color: Color | null } | 'unlabeled' | 'ignored';

/** Holds what masks say, before it has a meaning. */
export interface MaskContent {
  /** Holds the values of gray masks, and of palette masks unless their palettes disagree, with their colors. */
  readonly values: ReadonlyMap<number, Color | null>;
  /** Holds the colors of RGB masks, and of palette masks whose palettes disagree, as red · 65536 + green · 256 + blue. */
  readonly colors: ReadonlySet<number>;
  /** Says that palettes give one index different colors, so that the colors count. */
  readonly byColor: boolean;
  /** Is the path of the first mask whose colors count, if any. */
  readonly coloredFile: string | null;
}

/** Returns the color as one number. */
export function colorKey([red = 0, green = 0, blue = 0]: ArrayLike<number> & Iterable<number>): number {
  return (red << 16) | (green << 8) | blue;
}

/**
 * Reads all masks and returns the values and colors in them.
 *
 * @throws {DataError} naming the file when a mask has so many colors that it is a photograph
 */
export async function readContent(
  masks: readonly string[],
  { onDamaged }: { readonly onDamaged: (error: DataError) => void },
): Promise<MaskContent> {
  const values = new Map<number, Color | null>();
  const colors = new Set<number>();
  // Of palettes, the colors of the indices that are used: they count where palettes disagree.
  const shown = new Set<number>();
  let byColor = false;
  let coloredFile: string | null = null;
  for (const path of masks) {
    const stored = await readLabelSamples(path).catch((error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      onDamaged(error);
      return null;
    });
    if (stored === null) continue;
    const { samples, channels, inColor, palette } = stored;
    const alpha = alphaOf(stored);
    if (inColor) {
      coloredFile ??= path;
      let last = -1;
      for (let at = 0; at < samples.length; at += channels) {
        if (alpha?.at(at / channels) === 0) continue;
        const key = colorKey([samples[at], samples[at + 1], samples[at + 2]] as [number, number, number]);
        if (key !== last) colors.add(key);
        last = key;
      }
      if (colors.size > mostColors) throw tooManyColors(path);
      continue;
    }
    for (const value of usedValues(stored)) {
      const color = palette === null ? null : paletteColor(stored, value);
      const known = values.get(value);
      if (color !== null) shown.add(colorKey(color));
      if (known !== undefined && known !== null && color !== null && `${known}` !== `${color}`) {
        byColor = true;
        coloredFile ??= path;
      }
      if (known === undefined || known === null) values.set(value, color);
    }
  }
  if (byColor) for (const key of shown) colors.add(key);
  return { values, colors, byColor, coloredFile };
}

function usedValues(stored: LabelSamples): number[] {
  const { samples, channels } = stored;
  const alpha = alphaOf(stored);
  const used = new Uint8Array(256);
  for (let at = 0; at < samples.length; at += channels) {
    if (alpha?.at(at / channels) !== 0) used[samples[at] as number] = 1;
  }
  return [...used.keys()].filter((value) => used[value] === 1);
}

function paletteColor(stored: LabelSamples, value: number): Color | null {
  const [red, green, blue] = shownColor(stored, value);
  return red === undefined || green === undefined || blue === undefined ? null : [red, green, blue];
}

function tooManyColors(path: string): DataError {
  return new DataError(
    `${path}: the masks have more than ${mostColors} colors so far, so that this is a photograph or a mask that was smoothed ` +
      'or saved as JPEG; export the masks without smoothing, as PNG',
  );
}

/** Holds the meaning of every value and color. */
export interface MaskMeaning {
  readonly values: ReadonlyMap<number, Meaning>;
  readonly colors: ReadonlyMap<number, Meaning>;
  /** Lists the classes in their order. */
  readonly classes: readonly ListedClass[];
  readonly byColor: boolean;
  /** Says why a mask in colors has no meaning: the others are gray, and the list states no colors. */
  readonly colorProblem: string | null;
}

const white = 0xffffff;
const foreground = 'foreground';
const voidNames = /^_*(void|ignored?|don'?t[ _-]?care|out[ _-]?of[ _-]?roi)_*$/i;

/**
 * Gives the values and colors of masks a meaning: that of the list of classes, or names made of the values themselves.
 *
 * @throws {DataError} when all masks are in colors and the list states none
 */
export function meaningOf(
  content: MaskContent,
  {
    list,
    report,
    place,
  }: { readonly list: MaskClassList | null; readonly report: Report; readonly place: string },
): MaskMeaning {
  return list === null ? byThemselves(content, { report, place }) : byList(content, { list, report });
}

function byList(
  { values, byColor: palettesDisagree, coloredFile }: MaskContent,
  { list: { classes, file }, report }: { readonly list: MaskClassList; readonly report: Report },
): MaskMeaning {
  const meaningOfClass = ({ name, color }: (typeof classes)[number]): Meaning => {
    if (voidNames.test(name)) return 'ignored';
    if (!isBackgroundName(name)) return { name, color };
    report('background', backgroundMessage, `${file}: ${name}`);
    return 'unlabeled';
  };
  const listed = classes.map((one) => ({ ...one, meaning: meaningOfClass(one) }));
  const ofColors = new Map<number, Meaning>(
    listed.flatMap(({ color, meaning }) => (color === null ? [] : [[colorKey(color), meaning] as const])),
  );
  const isWithoutColors = coloredFile !== null && ofColors.size === 0;
  // A mask in colors among gray ones is the odd one.
  const othersAreGray = values.size > 0 && !palettesDisagree;
  if (isWithoutColors && !othersAreGray) {
    throw new DataError(
      `${file}: states no colors, and masks are in colors (${coloredFile}); add them: name,red,green,blue`,
    );
  }
  // Palettes in the colors of the list say more than their indices, which every tool numbers anew.
  const palette = [...values.values()];
  const byColor =
    palettesDisagree ||
    (palette.length > 0 &&
      ofColors.size > 0 &&
      palette.every((color) => color !== null && (ofColors.has(colorKey(color)) || colorKey(color) === 0)));
  if (!ofColors.has(0)) ofColors.set(0, 'unlabeled');
  const ofValues = new Map<number, Meaning>(listed.map(({ value, meaning }) => [value, meaning]));
  if (!ofValues.has(ignoreIndex)) ofValues.set(ignoreIndex, 'ignored');
  return {
    values: ofValues,
    colors: ofColors,
    classes: listed.flatMap(({ meaning }) => listedClass(meaning)),
    byColor,
    colorProblem: isWithoutColors
      ? `is in colors, of which ${file} states none, and other masks are gray; save it as they are`
      : null,
  };
}

/** Names classes by their values, where no list does. */
function byThemselves(
  { values, colors, byColor }: MaskContent,
  { report, place }: { readonly report: Report; readonly place: string },
): MaskMeaning {
  // Where palettes disagree, only gray masks have values.
  const sortedValues = [...values.keys()]
    .filter((value) => !byColor || values.get(value) === null)
    .sort((a, b) => a - b);
  const sortedColors = [...colors].sort((a, b) => a - b);
  const isBinary =
    sortedValues.includes(ignoreIndex) && sortedValues.every((value) => value % ignoreIndex === 0);
  const isBlackWhite =
    sortedColors.includes(white) && sortedColors.every((key) => key === 0 || key === white);
  // Masks that say 255 where nobody labeled, and those whose 0 is not black, have a class 0.
  const zeroIsClass =
    (sortedValues.includes(ignoreIndex) && !isBinary) || ![null, '0,0,0'].includes(textOf(values.get(0)));
  const ofValues = new Map<number, Meaning>(
    sortedValues.map((value) => {
      const color = values.get(value) ?? null;
      if (value === 0 && !zeroIsClass) return [value, 'unlabeled'];
      if (value !== ignoreIndex) return [value, { name: `class ${value}`, color }];
      return [value, isBinary ? { name: foreground, color } : 'unlabeled'];
    }),
  );
  const ofColors = new Map<number, Meaning>(
    sortedColors.map((key) => {
      if (key === 0) return [key, 'unlabeled'];
      const name = isBlackWhite ? foreground : `#${key.toString(16).padStart(6, '0')}`;
      return [key, { name, color: [key >> 16, (key >> 8) & 255, key & 255] }];
    }),
  );
  report(
    'no-class-list',
    'no classes.json or classes.txt lists the classes: they are named by their values or colors, and ' +
      `${zeroIsClass ? '255' : sortedValues.length > 0 ? '0' : 'black'} is taken as not labeled; list them, or rename them with --classes`,
    place,
  );
  const meanings = [...ofValues.values(), ...ofColors.values()];
  return {
    values: ofValues,
    colors: ofColors,
    classes: meanings.flatMap(listedClass),
    byColor,
    colorProblem: null,
  };
}

function textOf(color: Color | null | undefined): string | null {
  return color === null || color === undefined ? null : `${color}`;
}

function listedClass(meaning: Meaning): ListedClass[] {
  if (typeof meaning === 'string') return [];
  const { name, color } = meaning;
  return [color === null ? { name } : { name, color }];
}
