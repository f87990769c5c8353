/**
 * Chooses labeled pixels of an image, spread over it: the labeled pixels of each class, in reading order, are cut into equal
 * parts, and one pixel is drawn from each. The choice is a function of the labels and the random numbers alone.
 */

import { ignoreIndex, type RandomStream } from '../data/index.js';

/** Holds chosen pixels in reading order. */
export interface ChosenPixels {
  /** Gives the place of each pixel in the label map: y · width + x. */
  readonly pixels: Uint32Array;
  /** Gives the class of each pixel. */
  readonly labels: Uint8Array;
  /** Says for how many labeled pixels of its class in this image each one stands. */
  readonly multiplicities: Float32Array;
}

/** Configures `choosePixels`. */
export interface PixelChoice {
  /** Limits the pixels; all labeled pixels are taken when there are no more than that. */
  readonly count: number;
  readonly random: RandomStream;
  /**
   * Moves the choice from the shares that classes have in the image (0, the default) to equal numbers of each class (1):
   * the number of a class is proportional to its pixels to the power of 1 − `rareClasses`.
   */
  readonly rareClasses?: number;
}

/** Chooses at most `count` labeled pixels of a label map, and at least one of each class where there is room. */
export function choosePixels(
  labels: Uint8Array,
  { count, random, rareClasses = 0 }: PixelChoice,
): ChosenPixels {
  const available = new Uint32Array(256);
  for (const label of labels) available[label] = (available[label] as number) + 1;
  available[ignoreIndex] = 0;
  const quotas = quotasOf(available, { count, rareClasses });
  const total = quotas.reduce((sum, quota) => sum + quota, 0);
  const picks = Array.from(quotas, (quota, label) => picksOf(available[label] as number, { quota, random }));
  const [seen, taken] = [new Uint32Array(256), new Uint32Array(256)];
  const pixels = new Uint32Array(total);
  const chosen = new Uint8Array(total);
  const multiplicities = new Float32Array(total);
  for (let pixel = 0, length = 0; length < total; pixel++) {
    const label = labels[pixel] as number;
    const place = seen[label] as number;
    seen[label] = place + 1;
    const next = taken[label] as number;
    if ((picks[label] as Uint32Array)[next] !== place) continue;
    taken[label] = next + 1;
    pixels[length] = pixel;
    chosen[length] = label;
    multiplicities[length] = (available[label] as number) / (quotas[label] as number);
    length++;
  }
  return { pixels, labels: chosen, multiplicities };
}

/** Returns how many pixels of each class are chosen. */
function quotasOf(
  available: Uint32Array,
  { count, rareClasses }: { readonly count: number; readonly rareClasses: number },
): Uint32Array {
  const total = available.reduce((sum, pixels) => sum + pixels, 0);
  if (total <= count) return Uint32Array.from(available);
  const quotas = new Uint32Array(256);
  let open = [...available.keys()].filter((label) => (available[label] as number) > 0);
  let left = count;
  // A class that has fewer pixels than its share gives the rest to the others.
  for (;;) {
    const weights = open.map((label) => (available[label] as number) ** (1 - rareClasses));
    const sum = weights.reduce((a, b) => a + b, 0);
    const isSmall = (label: number, place: number) =>
      (available[label] as number) <= ((weights[place] as number) / sum) * left;
    const small = open.filter(isSmall);
    if (small.length === 0 || small.length === open.length) break;
    for (const label of small) {
      quotas[label] = available[label] as number;
      left -= quotas[label] as number;
    }
    open = open.filter((label) => !small.includes(label));
  }
  const weights = open.map((label) => (available[label] as number) ** (1 - rareClasses));
  const sum = weights.reduce((a, b) => a + b, 0);
  const shares = open.map((label, place) => ({ label, share: ((weights[place] as number) / sum) * left }));
  for (const { label, share } of shares)
    quotas[label] = Math.min(Math.floor(share), available[label] as number);
  // What rounding left goes to classes without a pixel first, and then to those that lost most.
  const lost = ({ label, share }: { label: number; share: number }) =>
    quotas[label] === 0 ? 1 : share - (quotas[label] as number);
  const order = [...shares].sort((a, b) => lost(b) - lost(a) || a.label - b.label);
  let rest = count - quotas.reduce((a, b) => a + b, 0);
  for (const { label } of order) {
    if (rest === 0) break;
    if ((quotas[label] as number) >= (available[label] as number)) continue;
    quotas[label] = (quotas[label] as number) + 1;
    rest--;
  }
  return giveToMissing(quotas, open);
}

/** Gives a pixel to each class that has none, as long as another class has more than one. */
function giveToMissing(quotas: Uint32Array, labels: readonly number[]): Uint32Array {
  for (const label of labels) {
    if (quotas[label] !== 0) continue;
    const richest = labels.reduce(
      (best, other) => ((quotas[other] as number) > (quotas[best] as number) ? other : best),
      label,
    );
    if ((quotas[richest] as number) < 2) break;
    quotas[richest] = (quotas[richest] as number) - 1;
    quotas[label] = 1;
  }
  return quotas;
}

/** Draws one place from each of `quota` equal parts of 0 … available − 1, in ascending order. */
function picksOf(
  available: number,
  { quota, random }: { readonly quota: number; readonly random: RandomStream },
): Uint32Array {
  const picks = new Uint32Array(quota);
  for (let part = 0; part < quota; part++) {
    const start = Math.floor((part * available) / quota);
    const end = Math.floor(((part + 1) * available) / quota);
    picks[part] = end - start === 1 ? start : start + random.integer(end - start);
  }
  return picks;
}
