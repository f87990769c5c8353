/**
 * Makes new labels of an image from what people decided about it. Later decisions of a person lie over their earlier ones;
 * where two people say different things, the pixels keep their label unless one of them is preferred.
 */

import { ignoreIndex } from '../data/index.js';
import {
  type FittingDecision,
  fitDecision,
  type GivenLabels,
  type LabelDecision,
} from './fitting-decisions.js';
import { isPerson, type OrderedDecision, type Preference } from './order-lines.js';
import type { ReviewFinding } from './review-finding.js';

/** Says that two people decided differently about the same pixels. */
export interface Disagreement {
  readonly first: OrderedDecision;
  readonly second: OrderedDecision;
  /** Counts the pixels on which they differ. */
  readonly pixels: number;
  /** Is true where the preferred one of the two holds, and false where the labels stay as they were. */
  readonly settled: boolean;
}

/** Holds what decisions make of the labels of an image. */
export interface DecidedLabels {
  readonly labels: Uint8Array;
  /** Lists the decisions that fit. */
  readonly fitting: readonly FittingDecision[];
  readonly disagreements: readonly Disagreement[];
  /** Counts the pixels that keep their label, as people disagree about them. */
  readonly disputedPixels: number;
  readonly findings: readonly ReviewFinding[];
}

const undecided = -1;
const disputed = -2;

/** Applies decisions, in their order, to the labels of an image. */
export function decideLabels(
  given: GivenLabels,
  {
    decisions,
    prefer,
  }: {
    readonly decisions: readonly (OrderedDecision & { readonly line: LabelDecision })[];
    readonly prefer: Preference;
  },
): DecidedLabels {
  const findings: ReviewFinding[] = [];
  const fitting: FittingDecision[] = [];
  for (const decision of decisions) {
    const fit = fitDecision(decision, given);
    if ('code' in fit) findings.push(fit);
    else fitting.push(fit);
  }
  const common = new CommonDecisions(given, { fitting, prefer });
  for (const person of peopleOf(fitting, prefer)) common.add(person);
  return {
    labels: common.labels(),
    fitting,
    disagreements: common.disagreements(),
    disputedPixels: common.disputedPixels(),
    findings,
  };
}

/** Returns the names of those who decided, the preferred one first. */
function peopleOf(fitting: readonly FittingDecision[], prefer: Preference): string[] {
  const people = [...new Set(fitting.map(({ decision }) => decision.line.by))];
  return [
    ...people.filter((name) => isPerson(prefer, name)),
    ...people.filter((name) => !isPerson(prefer, name)),
  ];
}

/** Adds the decisions of one person after the other. */
class CommonDecisions {
  readonly #given: GivenLabels;
  readonly #fitting: readonly FittingDecision[];
  readonly #prefer: Preference;
  /** Holds the label of each pixel, `undecided` or `disputed`. */
  readonly #values: Int16Array;
  /** Holds the place in the list of the decision that gave each pixel its value. */
  readonly #owners: Int32Array;
  readonly #pairs = new Map<string, { first: number; second: number; settled: boolean; pixels: number }>();

  constructor(
    given: GivenLabels,
    { fitting, prefer }: { readonly fitting: readonly FittingDecision[]; readonly prefer: Preference },
  ) {
    this.#given = given;
    this.#fitting = fitting;
    this.#prefer = prefer;
    this.#values = new Int16Array(given.labels.length).fill(undecided);
    this.#owners = new Int32Array(given.labels.length);
  }

  add(person: string): void {
    const own = new Int32Array(this.#values.length).fill(undecided);
    for (const [place, { decision, pixels }] of this.#fitting.entries()) {
      if (decision.line.by === person) for (const pixel of pixels) own[pixel] = place;
    }
    for (const [pixel, place] of own.entries()) if (place !== undecided) this.#addPixel(pixel, place);
  }

  labels(): Uint8Array {
    return this.#given.labels.map((label, pixel) => {
      const value = this.#values[pixel] as number;
      return value < 0 ? label : value;
    });
  }

  disputedPixels(): number {
    return this.#values.reduce((sum, value) => sum + (value === disputed ? 1 : 0), 0);
  }

  disagreements(): Disagreement[] {
    return [...this.#pairs.values()].map(({ first, second, pixels, settled }) => ({
      first: (this.#fitting[first] as FittingDecision).decision,
      second: (this.#fitting[second] as FittingDecision).decision,
      pixels,
      settled,
    }));
  }

  #addPixel(pixel: number, place: number): void {
    const value = this.#fitting[place]?.result ?? (this.#given.labels[pixel] as number);
    const before = this.#values[pixel] as number;
    if (before === undecided) {
      this.#values[pixel] = value;
      this.#owners[pixel] = place;
    } else if (before !== value) {
      this.#settle(pixel, { place, value });
    }
  }

  #settle(pixel: number, { place, value }: { readonly place: number; readonly value: number }): void {
    const owner = this.#owners[pixel] as number;
    const winner = this.#winner(owner, place);
    const key = `${owner} ${place}`;
    const pair = this.#pairs.get(key) ?? { first: owner, second: place, settled: winner !== null, pixels: 0 };
    pair.pixels++;
    this.#pairs.set(key, pair);
    if (winner === null) this.#values[pixel] = disputed;
    else if (winner === place) {
      this.#values[pixel] = value;
      this.#owners[pixel] = place;
    }
  }

  /** Returns which of two decisions holds, by their places in the list; null for neither. */
  #winner(first: number, second: number): number | null {
    // The list is in the order of time.
    if (this.#prefer === 'last') return Math.max(first, second);
    const isPreferred = (place: number) =>
      isPerson(this.#prefer, this.#fitting[place]?.decision.line.by ?? '');
    if (isPreferred(first)) return first;
    return isPreferred(second) ? second : null;
  }
}

/** Tells whether decisions changed anything in an image, and counts the pixels by their labels before and after. */
export function countChanges(
  before: Uint8Array,
  after: Uint8Array,
): { readonly from: number; readonly to: number; readonly pixels: number }[] {
  const counts = new Map<number, number>();
  for (const [pixel, label] of after.entries()) {
    const old = before[pixel] as number;
    if (old === label) continue;
    const key = old * (ignoreIndex + 1) + label;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .map(([key, pixels]) => ({
      from: Math.floor(key / (ignoreIndex + 1)),
      to: key % (ignoreIndex + 1),
      pixels,
    }))
    .sort((a, b) => b.pixels - a.pixels);
}
