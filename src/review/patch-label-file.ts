/**
 * Writes a label file anew in the form of the old one, in which single pixels have other labels. Files of a folder thus go on
 * meaning the same by value, palette or color, and pixels that nobody decided about keep exactly what they had.
 */

import { encode } from 'fast-png';
import { type ClassList, ignoreIndex } from '../data/index.js';
import {
  type LabelEncoding,
  type LabelSamples,
  readLabelHeader,
  readLabelSamples,
  shownColor,
} from '../data/internal.js';

/** Says how the classes of label files are stored. */
export interface LabelForm {
  readonly classList: ClassList;
  readonly encoding: LabelEncoding;
  readonly reduceZeroLabel: boolean;
}

const black = [0, 0, 0] as const;

/**
 * Returns the bytes of a label PNG that has the labels `after` where they differ from `before`, which the file at `path` has.
 *
 * @throws {DataError} naming the file when it cannot be read
 */
export async function patchLabelFile(
  path: string,
  {
    before,
    after,
    form,
  }: { readonly before: Uint8Array; readonly after: Uint8Array; readonly form: LabelForm },
): Promise<Uint8Array> {
  const stored = await readLabelSamples(path);
  const changed: number[] = [];
  for (const [pixel, label] of after.entries()) if (label !== before[pixel]) changed.push(pixel);
  const { width, height } = stored.header;
  if (!stored.inColor && form.encoding !== 'color') {
    const { samples, channels, palette } = stored;
    const data = samples.slice();
    for (const pixel of changed) {
      data[pixel * channels] = storedValue(after[pixel] as number, form);
      if (channels === 2) data[pixel * channels + 1] = 255;
    }
    if (palette === null) return encode({ width, height, data, channels, depth: 8 });
    return encode({
      width,
      height,
      data,
      channels: 1,
      depth: 8,
      palette: entriesOf(palette, { data, form }),
    });
  }
  const { data, channels } = inColor(stored);
  for (const pixel of changed) {
    // Without a label is black, which is then the color of no class (see `canBeUnlabeled`).
    data.set(form.classList.classes[after[pixel] as number]?.color ?? black, pixel * channels);
    if (channels === 4) data[pixel * channels + 3] = 255;
  }
  return encode({ width, height, data, channels, depth: 8 });
}

function storedValue(label: number, { classList, reduceZeroLabel }: LabelForm): number {
  if (label === ignoreIndex) return reduceZeroLabel ? 0 : classList.ignoredValue;
  return reduceZeroLabel ? label + 1 : label;
}

/** Tells whether pixels of a label file can be without a label: not where that is a class, or has the color of one. */
export async function canBeUnlabeled(path: string, { classList, encoding }: LabelForm): Promise<boolean> {
  if (classList.unlabeledClass !== undefined) return false;
  const { color } = await readLabelHeader(path);
  if (encoding !== 'color' && !color.startsWith('rgb')) return true;
  return classList.classes.every((one) => `${one.color}` !== `${black}`);
}

/** Returns a palette as fast-png takes it, long enough for all values: new ones get the colors of their classes. */
function entriesOf(
  palette: Uint8Array,
  { data, form }: { readonly data: Uint8Array; readonly form: LabelForm },
): [number, number, number][] {
  const greatest = data.reduce((most, value) => Math.max(most, value), 0);
  const count = Math.max(palette.length / 3, greatest + 1);
  const first = form.reduceZeroLabel ? 1 : 0;
  return Array.from({ length: count }, (_, index) => {
    const given = palette.subarray(3 * index, 3 * index + 3);
    const [red = 0, green = 0, blue = 0] =
      given.length === 3 ? given : (form.classList.classes[index - first]?.color ?? black);
    return [red, green, blue];
  });
}

/** Returns the pixels as colors, also of gray and palette PNGs. */
function inColor(stored: LabelSamples): { readonly data: Uint8Array; readonly channels: 3 | 4 } {
  const { samples, channels } = stored;
  if (stored.inColor) return { data: samples.slice(), channels: channels === 4 ? 4 : 3 };
  const data = new Uint8Array((samples.length / channels) * 3);
  for (let pixel = 0; pixel * channels < samples.length; pixel++) {
    data.set(shownColor(stored, samples[pixel * channels] as number), 3 * pixel);
  }
  return { data, channels: 3 };
}
