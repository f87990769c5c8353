/** Finds out which pixels a decision is about, and whether it still fits the labels that it was made on. */

import { type DatasetClass, ignoreIndex, type Size } from '../data/index.js';
import { suggestion } from '../errors/internal.js';
import { formatCount } from '../format/index.js';
import { fillRings, parseRuns, visitRuns } from '../geometry/index.js';
import type { Decision } from './journal-line.js';
import type { OrderedDecision } from './order-lines.js';
import type { ReviewFinding } from './review-finding.js';

/** Is a decision about the label file of an image. */
export type LabelDecision = Exclude<Decision, { readonly action: 'point' }>;

/** Holds what a decision makes of the pixels of an image. */
export interface FittingDecision {
  readonly decision: OrderedDecision & { readonly line: LabelDecision };
  /** Gives the place of each pixel, y · width + x. */
  readonly pixels: Uint32Array;
  /** Is the label that they get, 255 for none; null where they keep the one that they have. */
  readonly result: number | null;
}

/** Holds the labels of an image as they lie in the dataset. */
export interface GivenLabels extends Size {
  readonly labels: Uint8Array;
  readonly classes: readonly DatasetClass[];
  /** Is false where pixels without a label belong to a class, so that no label can be taken away. */
  readonly canBeUnlabeled: boolean;
}

/** Returns the index of a class by its name, 255 for an empty one; a text says what is wrong with the name. */
export function classIndex(name: string, classes: readonly DatasetClass[]): number | string {
  if (name === '') return ignoreIndex;
  const wanted = name.normalize('NFC');
  const index = classes.findIndex((one) => one.name.normalize('NFC') === wanted);
  if (index >= 0) return index;
  const names = classes.map((one) => one.name);
  return `no class '${name}'${suggestion(name, names)}`;
}

/** Returns what a decision says about the labels of its image, or why it does not fit them. */
export function fitDecision(
  decision: OrderedDecision & { readonly line: LabelDecision },
  given: GivenLabels,
): FittingDecision | ReviewFinding {
  const { line, place } = decision;
  const problem = (code: string, message: string, detail: string): ReviewFinding => ({
    code,
    message: `${message}; the decision is left out`,
    example: `${place}: ${line.split}/${line.image}: ${detail}`,
  });
  if (line.width !== given.width || line.height !== given.height) {
    const sizes = `${line.width}×${line.height} pixels, the labels have ${given.width}×${given.height}`;
    return problem('size-changed', 'an image has another size than when it was decided about', sizes);
  }
  const result = resultOf(line, given.classes);
  if (typeof result === 'string') {
    return problem('unknown-class', 'a decision names a class that the dataset does not have', result);
  }
  if (result === ignoreIndex && !given.canBeUnlabeled) {
    const message = 'the dataset gives a class to pixels without a label, so that none can be taken away';
    return problem('no-unlabeled', message, line.action);
  }
  if (line.action === 'polygon') {
    const pixels = polygonPixels(line.rings, given);
    if (typeof pixels === 'string') return problem('damaged-region', 'a region cannot be read', pixels);
    if (pixels.length === 0) {
      return problem('empty-region', 'a polygon covers the center of no pixel of the image', 'polygon');
    }
    return { decision, pixels, result };
  }
  const pixels = regionPixels(line.region.runs, given);
  if (typeof pixels === 'string') {
    return problem('damaged-region', 'a region cannot be read', `region ${line.region.id}: ${pixels}`);
  }
  const before = classIndex(line.region.given, given.classes);
  if (typeof before === 'string') {
    return problem('unknown-class', 'a decision names a class that the dataset does not have', before);
  }
  // Where the pixels already have what was decided, the decision has been applied before.
  const others = pixels.filter((pixel) => {
    const label = given.labels[pixel];
    return label !== before && label !== result;
  });
  if (others.length > 0) {
    const counts = `${formatCount(others.length)} of ${formatCount(pixels.length)} pixels of region ${line.region.id}`;
    const className = line.region.given === '' ? 'without a label' : `'${line.region.given}'`;
    const detail = `${counts} are no longer ${className}`;
    return problem('labels-changed', 'the labels of a region changed since it was decided about', detail);
  }
  return { decision, pixels, result };
}

/** Returns the label that a decision gives, null for the one that is there, or a text that says what is wrong. */
function resultOf(line: LabelDecision, classes: readonly DatasetClass[]): number | string | null {
  switch (line.action) {
    case 'accept':
      return classIndex(line.region.suggested, classes);
    case 'assign':
      return classIndex(line.class, classes);
    case 'polygon':
      return line.class === null ? ignoreIndex : classIndex(line.class, classes);
    case 'unlabel':
      return ignoreIndex;
    case 'keep':
      return null;
    default:
      return line satisfies never;
  }
}

function regionPixels(text: string, size: Size): Uint32Array | string {
  try {
    const runs = parseRuns(text);
    const count = runs.reduce((sum, run, index) => sum + (index % 2 === 1 ? run : 0), 0);
    if (count === 0) return 'it has no pixel';
    // Runs that claim more are refused below, and reserve no memory for what they claim.
    const pixels = new Uint32Array(Math.min(count, size.width * size.height));
    let found = 0;
    visitRuns(runs, size, (pixel) => {
      pixels[found++] = pixel;
    });
    return pixels;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

function polygonPixels(rings: readonly (readonly number[])[], size: Size): Uint32Array | string {
  const short = rings.findIndex((ring) => ring.length < 6 || ring.length % 2 === 1);
  if (short >= 0) {
    return `ring ${short} has ${rings[short]?.length} numbers; expected at least 3 pairs of x and y`;
  }
  const mask = new Uint8Array(size.width * size.height);
  fillRings(mask, { ...size, rings, value: 1 });
  const pixels = new Uint32Array(mask.reduce((sum, inside) => sum + inside, 0));
  let found = 0;
  for (const [pixel, inside] of mask.entries()) if (inside === 1) pixels[found++] = pixel;
  return pixels;
}
