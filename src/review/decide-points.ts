/** Adds the points that people answered to those of an image. */

import type { DatasetClass, LabeledPoint, PointFile } from '../data/index.js';
import type { Disagreement } from './decide-labels.js';
import { classIndex } from './fitting-decisions.js';
import type { Decision } from './journal-line.js';
import { isPerson, type OrderedDecision, type Preference } from './order-lines.js';
import type { ReviewFinding } from './review-finding.js';

/** Is a decision about a single pixel. */
export type PointDecision = Extract<Decision, { readonly action: 'point' }>;

/** Is a point that a person answered, with its place among all decisions. */
export type OrderedPoint = OrderedDecision & { readonly line: PointDecision };

/** Holds the points of an image with the answers. */
export interface DecidedPoints {
  readonly file: PointFile;
  /** Counts the pixels that got a class, another one, or none in place of one. */
  readonly changed: number;
  /** Lists the answers that fit. */
  readonly fitting: readonly OrderedPoint[];
  readonly disagreements: readonly Disagreement[];
  /** Counts the pixels that stay as they were, as people disagree about them. */
  readonly disputedPixels: number;
  readonly findings: readonly ReviewFinding[];
}

/** Returns the points of an image with the answers of people, in their order; open questions that are answered are closed. */
export function decidePoints(
  before: PointFile,
  {
    decisions,
    classes,
    prefer,
  }: {
    readonly decisions: readonly OrderedPoint[];
    readonly classes: readonly DatasetClass[];
    readonly prefer: Preference;
  },
): DecidedPoints {
  const findings: ReviewFinding[] = [];
  const fitting = decisions.filter((decision) => {
    const finding = misfit(decision, { before, classes });
    if (finding !== null) findings.push(finding);
    return finding === null;
  });
  const disagreements: Disagreement[] = [];
  const answers = new Map<number, OrderedPoint>();
  const disputed = new Set<number>();
  for (const decision of fitting) {
    const { line } = decision;
    const pixel = line.y * before.width + line.x;
    const first = answers.get(pixel);
    if (first === undefined || first.line.class?.normalize('NFC') === line.class?.normalize('NFC')) {
      if (first === undefined) answers.set(pixel, decision);
      continue;
    }
    const winner = winnerOf(first, decision, prefer);
    disagreements.push({ first, second: decision, pixels: 1, settled: winner !== null });
    if (winner === null) disputed.add(pixel);
    else answers.set(pixel, winner);
  }
  for (const pixel of disputed) {
    const holds = answers.get(pixel);
    // A preferred person may come after two others who disagree.
    if (holds !== undefined && isPerson(prefer, holds.line.by)) disputed.delete(pixel);
    else answers.delete(pixel);
  }
  const { points, changed } = merge(before, { answers, classes });
  return {
    file: { ...before, points },
    changed,
    fitting,
    disagreements,
    disputedPixels: disputed.size,
    findings,
  };
}

function misfit(
  { line, place }: OrderedPoint,
  { before, classes }: { readonly before: PointFile; readonly classes: readonly DatasetClass[] },
): ReviewFinding | null {
  const problem = (code: string, message: string, detail: string): ReviewFinding => ({
    code,
    message: `${message}; the decision is left out`,
    example: `${place}: ${line.split}/${line.image}: ${detail}`,
  });
  if (line.width !== before.width || line.height !== before.height) {
    const sizes = `${line.width}×${line.height} pixels, the image has ${before.width}×${before.height}`;
    return problem('size-changed', 'an image has another size than when it was decided about', sizes);
  }
  if (line.x >= before.width || line.y >= before.height) {
    return problem('outside', 'a point lies outside of its image', `(${line.x}, ${line.y})`);
  }
  const index = line.class === null ? null : classIndex(line.class, classes);
  if (typeof index === 'string') {
    return problem('unknown-class', 'a decision names a class that the dataset does not have', index);
  }
  return null;
}

function winnerOf(first: OrderedPoint, second: OrderedPoint, prefer: Preference): OrderedPoint | null {
  if (prefer === 'last') return second.order > first.order ? second : first;
  if (isPerson(prefer, first.line.by)) return first;
  return isPerson(prefer, second.line.by) ? second : null;
}

/** Puts answers in the place of the points of their pixels, and the others behind them. */
function merge(
  { points, width }: PointFile,
  {
    answers,
    classes,
  }: { readonly answers: ReadonlyMap<number, OrderedPoint>; readonly classes: readonly DatasetClass[] },
): { readonly points: readonly LabeledPoint[]; readonly changed: number } {
  const merged: LabeledPoint[] = [];
  const placed = new Set<number>();
  let changed = 0;
  for (const point of points) {
    const pixel = point.y * width + point.x;
    const answer = answers.get(pixel);
    if (answer === undefined) {
      merged.push(point);
      continue;
    }
    // Several points of one pixel become one.
    if (placed.has(pixel)) continue;
    placed.add(pixel);
    const next = answered(answer, { classes, more: point.more });
    if (next.class !== point.class) changed++;
    merged.push(next);
  }
  for (const [pixel, answer] of answers) {
    if (placed.has(pixel)) continue;
    const next = answered(answer, { classes, more: {} });
    if (next.class !== null) changed++;
    merged.push(next);
  }
  return { points: merged, changed };
}

function answered(
  { line }: OrderedPoint,
  {
    classes,
    more,
  }: { readonly classes: readonly DatasetClass[]; readonly more: Readonly<Record<string, unknown>> },
): LabeledPoint {
  const { x, y, by, simulated } = line;
  const index = line.class === null ? null : classIndex(line.class, classes);
  // An answer of a person takes the place of a simulated one.
  const { simulated: _, ...others } = more;
  return {
    x,
    y,
    class: typeof index === 'number' ? index : null,
    more: { ...others, by, ...(simulated !== undefined && { simulated }) },
  };
}
