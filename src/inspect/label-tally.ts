/**
 * Counts what a set of label files holds: as stored (values or colors), and as classes of the list. Stored values also
 * show what a wrong list of classes does not cover.
 */

import type { ClassList } from '../data/index.js';
import { ignoreIndex } from '../data/index.js';
import { unlabeledLabel } from '../data/internal.js';
import type { ClassCoverage } from './dataset-inspection.js';
import type { DecodedLabels } from './source.js';

/** Limits the colors that are counted, as more of them than classes can exist come from blended edges. */
const maximumColors = 256;
const shownFiles = 5;
const byteValues = 256;

interface Count {
  pixels: number;
  images: number;
}

/** Holds the counts of one file. */
export interface FileCounts {
  /** Holds class indices [height, width], 255 where ignored or unknown. */
  readonly labels: Uint8Array;
  /** Counts the pixels of each stored value or color key. */
  readonly stored: ReadonlyMap<number, number>;
}

/** Describes files with values or colors that no class has. */
export interface UnknownLabels {
  readonly files: number;
  /** Names the first files with what was found in each. */
  readonly examples: readonly string[];
  /** Lists the unknown values or color keys, ascending. */
  readonly found: readonly number[];
}

/** Accumulates counts over any number of label files. */
export class LabelTally {
  /** Counts files by how they store labels, such as `8-bit gray`. */
  readonly forms = new Map<string, number>();
  /** Counts by value, from files that store values. */
  readonly values = new Map<number, Count>();
  /** Counts by color key (`colorKey`), from files that store colors. */
  readonly colors = new Map<number, Count>();
  /** Is true when the files have more colors than are counted. */
  tooManyColors = false;
  /** Holds the palette of the first palette PNG. */
  palette: DecodedLabels['palette'] = null;
  files = 0;
  #pixels = 0;
  #ignored = 0;
  readonly #classes: readonly Count[];
  readonly #unknownFiles = { value: emptyUnknown(), color: emptyUnknown() };
  readonly #classList: ClassList | null;
  readonly #classOfValue: Int16Array;
  readonly #classOfColor: ReadonlyMap<number, number>;

  constructor(classList: ClassList | null) {
    this.#classList = classList;
    this.#classes = (classList?.classes ?? []).map(() => ({ pixels: 0, images: 0 }));
    this.#classOfValue = valueMeaning(classList);
    this.#classOfColor = colorMeaning(classList);
  }

  /** Counts a file without adding it, so that several tallies share one pass over its pixels. */
  count(decoded: DecodedLabels): FileCounts {
    const labels = new Uint8Array(decoded.size.width * decoded.size.height);
    const stored = decoded.inColor ? this.#colorCounts(decoded, labels) : this.#valueCounts(decoded, labels);
    return { labels, stored };
  }

  /** Adds the counts of a file. */
  add(decoded: DecodedLabels, { labels, stored }: FileCounts): void {
    this.files++;
    this.forms.set(decoded.form, (this.forms.get(decoded.form) ?? 0) + 1);
    this.palette ??= decoded.palette;
    const [total, meaning] = decoded.inColor
      ? ([this.colors, (key: number) => this.#classOfColor.get(key)] as const)
      : ([this.values, (key: number) => this.#classOfValue[key]] as const);
    const unknown: number[] = [];
    const perClass = new Float64Array(byteValues);
    for (const [key, pixels] of stored) {
      const entry = total.get(key);
      if (entry !== undefined) {
        entry.pixels += pixels;
        entry.images++;
      } else if (total.size < maximumColors) total.set(key, { pixels, images: 1 });
      else this.tooManyColors = true;
      const label = meaning(key) ?? -1;
      if (label >= 0) (perClass[label] as number) += pixels;
      else unknown.push(key);
    }
    this.#pixels += labels.length;
    this.#ignored += perClass[ignoreIndex] as number;
    for (const [index, count] of this.#classes.entries()) {
      const pixels = perClass[index] as number;
      count.pixels += pixels;
      if (pixels > 0) count.images++;
    }
    if (unknown.length > 0 && this.#classList !== null) {
      noteUnknown(decoded, unknown, this.#unknownFiles[decoded.inColor ? 'color' : 'value']);
    }
  }

  /** Gives the share of pixels without a label; null before the first file. */
  get unlabeledShare(): number | null {
    return this.#pixels === 0 ? null : this.#ignored / this.#pixels;
  }

  get labeledPixels(): number {
    return this.#classes.reduce((sum, { pixels }) => sum + pixels, 0);
  }

  unknown(form: 'value' | 'color'): UnknownLabels {
    const { files, examples, found } = this.#unknownFiles[form];
    return { files, examples, found: [...found].sort((a, b) => a - b) };
  }

  perClass(): ClassCoverage[] {
    const labeled = this.labeledPixels;
    return this.#classes.map(({ pixels, images }, index) => ({
      name: this.#classList?.classes[index]?.name ?? `${index}`,
      share: labeled === 0 ? 0 : pixels / labeled,
      pixels,
      images,
    }));
  }

  #valueCounts({ samples, channels }: DecodedLabels, labels: Uint8Array): Map<number, number> {
    const histogram = new Float64Array(byteValues);
    const meaning = this.#classOfValue;
    for (let pixel = 0, at = 0; pixel < labels.length; pixel++, at += channels) {
      const value = samples[at] as number;
      (histogram[value] as number)++;
      const label = meaning[value] as number;
      labels[pixel] = label < 0 ? ignoreIndex : label;
    }
    const counts = new Map<number, number>();
    for (const [value, pixels] of histogram.entries()) if (pixels > 0) counts.set(value, pixels);
    return counts;
  }

  #colorCounts({ samples, channels }: DecodedLabels, labels: Uint8Array): Map<number, number> {
    const counts = new Map<number, number>();
    // Neighboring pixels mostly share a color, so the maps are only looked up where it changes.
    let [lastKey, run, lastLabel] = [-1, 0, ignoreIndex];
    for (let pixel = 0, at = 0; pixel < labels.length; pixel++, at += channels) {
      const key = colorKey(samples[at] as number, samples[at + 1] as number, samples[at + 2] as number);
      if (key !== lastKey) {
        if (run > 0) counts.set(lastKey, (counts.get(lastKey) ?? 0) + run);
        [lastKey, run, lastLabel] = [key, 0, this.#classOfColor.get(key) ?? ignoreIndex];
      }
      run++;
      labels[pixel] = lastLabel;
    }
    if (run > 0) counts.set(lastKey, (counts.get(lastKey) ?? 0) + run);
    return counts;
  }
}

/** Packs a color into one number: red · 65536 + green · 256 + blue. */
export function colorKey(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue;
}

/** Inverts `colorKey`. */
export function colorOf(key: number): readonly [red: number, green: number, blue: number] {
  return [key >> 16, (key >> 8) & 0xff, key & 0xff];
}

interface UnknownFiles {
  files: number;
  readonly examples: string[];
  readonly found: Set<number>;
}

function emptyUnknown(): UnknownFiles {
  return { files: 0, examples: [], found: new Set() };
}

function noteUnknown({ path, inColor }: DecodedLabels, keys: readonly number[], into: UnknownFiles): void {
  into.files++;
  for (const key of keys) if (into.found.size < maximumColors) into.found.add(key);
  if (into.examples.length >= shownFiles) return;
  const shown = keys.slice(0, 3).map((key) => (inColor ? `${colorOf(key).join(' ')}` : `${key}`));
  into.examples.push(`${path} (${shown.join(', ')}${keys.length > shown.length ? ', …' : ''})`);
}

/**
 * Returns the class of each value: 255 for ignored values, −1 for unknown ones. Without a list each value is its own
 * class.
 */
function valueMeaning(classList: ClassList | null): Int16Array {
  if (classList === null) return Int16Array.from({ length: byteValues }, (_, value) => value);
  const meaning = new Int16Array(byteValues).fill(-1);
  for (const index of classList.classes.keys()) meaning[index] = index;
  meaning[ignoreIndex] = unlabeledLabel(classList);
  meaning[classList.ignoredValue] = unlabeledLabel(classList);
  return meaning;
}

/** Returns the class of each color key; black is ignored unless it is the color of a class. */
function colorMeaning(classList: ClassList | null): Map<number, number> {
  const meaning = new Map(classList?.classes.map(({ color }, index) => [colorKey(...color), index]));
  if (!meaning.has(0)) meaning.set(0, unlabeledLabel(classList ?? {}));
  return meaning;
}
