/** Counts how the images of a split are stored, and measures the normalization and the range that fit them. */

import type { MeasuredImage } from '../data/internal.js';
import { formatCount } from '../format/index.js';
import type { Finding, ImageSummary } from './dataset-inspection.js';

/** Holds what was seen of the images of one split. Memory does not grow with their number. */
export class ImageTally {
  readonly #types = new Map<string, number>();
  readonly #channels = new Map<number, number>();
  #severalPages = 0;
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  #withoutRange = 0;
  readonly #examples: string[] = [];
  #pixels = 0;
  #sums: Float64Array | null = null;
  #squares: Float64Array | null = null;

  /** Adds an image by its file relative to the root. */
  add(file: string, { channels, type, pages, stored, image, needsRange }: MeasuredImage): void {
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1);
    this.#channels.set(channels, (this.#channels.get(channels) ?? 0) + 1);
    if (pages > 1) this.#severalPages++;
    if (stored !== null) {
      this.#low = Math.min(this.#low, stored.low);
      this.#high = Math.max(this.#high, stored.high);
    }
    if (needsRange) {
      this.#withoutRange++;
      if (this.#examples.length < shownExamples) this.#examples.push(file);
    }
    if (image !== null) this.#measure(image);
  }

  #measure({ pixels, channels }: NonNullable<MeasuredImage['image']>): void {
    this.#sums ??= new Float64Array(channels);
    this.#squares ??= new Float64Array(channels);
    this.#pixels += pixels.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      let [sum, squares] = [0, 0];
      for (let at = channel; at < pixels.length; at += channels) {
        const value = pixels[at] as number;
        sum += value;
        squares += value * value;
      }
      this.#sums[channel] = (this.#sums[channel] as number) + sum;
      this.#squares[channel] = (this.#squares[channel] as number) + squares;
    }
  }

  /** Returns what was counted, or null when no image was added. */
  summary(): ImageSummary | null {
    if (this.#types.size === 0) return null;
    const sorted = <Key>(counts: ReadonlyMap<Key, number>) => [...counts].sort(([, a], [, b]) => b - a);
    return {
      types: sorted(this.#types).map(([type, files]) => ({ type, files })),
      channels: sorted(this.#channels).map(([channels, files]) => ({ channels, files })),
      severalPages: this.#severalPages,
      range: this.#high < this.#low ? null : [this.#low, this.#high],
      normalization: this.#normalization(),
    };
  }

  #normalization(): ImageSummary['normalization'] {
    if (this.#sums === null || this.#squares === null || this.#pixels === 0) return null;
    const mean = [...this.#sums].map((sum) => sum / this.#pixels);
    const std = [...this.#squares].map((squares, channel) =>
      Math.sqrt(Math.max(0, squares / this.#pixels - (mean[channel] as number) ** 2)),
    );
    // A channel of one value is divided by nothing.
    return { mean: mean.map(rounded), std: std.map((value) => rounded(value) || 1) };
  }

  /** Returns the problem that the range of the images is neither stated nor plain, or null. */
  rangeFinding(split: string, root: string): Finding | null {
    if (this.#withoutRange === 0) return null;
    const [type] = this.summary()?.types ?? [];
    const [low, high] = suggestedRange([this.#low, this.#high]);
    return {
      code: 'image-range',
      split,
      labels: null,
      message:
        `${type?.type ?? ''} images hold values from ${formatValue(this.#low)} to ${formatValue(this.#high)}, ` +
        'and which of them are black and white is not stated',
      remedy: `state it, and check again: coarsely check ${root} --set 'data.imageRange=[${low},${high}]'`,
      count: this.#withoutRange,
      examples: this.#examples,
    };
  }
}

const shownExamples = 5;

/** Returns notes about images that are read otherwise than a person may think. */
export function imageHints(
  split: string,
  {
    summary,
    stated,
    refused,
  }: {
    readonly summary: ImageSummary;
    readonly stated: StatedReading;
    /** Is true when images are refused because their range is not stated. */
    readonly refused: boolean;
  },
): string[] {
  const { types, channels, severalPages, range } = summary;
  const hints: string[] = [];
  if (severalPages > 0) {
    const images = severalPages === 1 ? '1 image has' : `${formatCount(severalPages)} images have`;
    hints.push(`${split}: ${images} several pages or frames, of which the first is read`);
  }
  const deep = types.filter(({ type }) => type !== '8-bit').reduce((sum, { files }) => sum + files, 0);
  if (deep > 0 && !refused && stated.range === null && range !== null && range[1] <= 65535 && range[0] >= 0) {
    hints.push(
      `${split}: 16-bit images (${formatCount(deep)}) hold values from ${range[0]} to ${range[1]}; 0 and 65535 are taken for ` +
        'black and white unless data.imageRange states others',
    );
  }
  const alpha = channels.find((entry) => entry.channels === 4)?.files ?? 0;
  if (alpha > 0 && stated.channels === 3) {
    const images = alpha === 1 ? '1 image has' : `${formatCount(alpha)} images have`;
    hints.push(
      `${split}: ${images} a fourth channel, which is dropped as transparency; check again with --set data.channels=4 to train on it`,
    );
  }
  return hints;
}

/** Holds what the check was told about images. */
export interface StatedReading {
  readonly channels: number;
  readonly range: unknown;
}

/** Returns a plain range around whole numbers: 0 to the greatest value of as many bits; others as they are. */
function suggestedRange([low, high]: readonly [number, number]): readonly [string, string] {
  if (low < 0 || !Number.isInteger(low) || !Number.isInteger(high))
    return [formatValue(low), formatValue(high)];
  return ['0', String(2 ** Math.max(8, Math.ceil(Math.log2(high + 1))) - 1)];
}

function formatValue(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
