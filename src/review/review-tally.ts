/** Counts what decisions did, image by image, in bounded memory. */

import { ignoreIndex } from '../data/index.js';
import type { DecidedLabels, Disagreement } from './decide-labels.js';
import type { DecidedPoints } from './decide-points.js';
import type { OrderedDecision, OrderedLines } from './order-lines.js';
import type { DecisionFile } from './read-decisions.js';
import type { ReviewFinding } from './review-finding.js';
import type { CountedFindings, NamedDisagreement, ReviewSummary } from './review-summary.js';

/** Limits the examples that are kept of each kind of finding, and the disagreements that are named. */
const mostExamples = 10;
const mostDisagreements = 1000;

/** Adds up images. */
export class ReviewTally {
  readonly #classes: readonly string[];
  readonly #findings = new Map<
    string,
    { code: string; message: string; count: number; examples: string[] }
  >();
  readonly #people = new Map<string, number>();
  readonly #actions = new Map<string, number>();
  readonly #changes = new Map<string, number>();
  readonly #disagreements: NamedDisagreement[] = [];
  readonly #points = { files: 0, changed: 0 };
  #labelFiles = 0;
  #seconds = 0;
  #disagreementCount = 0;
  #disputedPixels = 0;

  constructor(classes: readonly string[]) {
    this.#classes = classes;
  }

  addFindings(findings: readonly ReviewFinding[]): void {
    for (const { code, message, example } of findings) {
      const known = this.#findings.get(code) ?? { code, message, count: 0, examples: [] };
      this.#findings.set(code, known);
      known.count++;
      if (known.examples.length < mostExamples) known.examples.push(example);
    }
  }

  addRefusedUndos(undos: readonly ReviewFinding[]): void {
    this.addFindings(undos);
  }

  addLabels(
    { fitting, disagreements, findings, disputedPixels }: DecidedLabels,
    {
      changes,
    }: {
      readonly changes: readonly { readonly from: number; readonly to: number; readonly pixels: number }[];
    },
  ): void {
    this.addFindings(findings);
    for (const { decision } of fitting) this.#addDecision(decision);
    this.#addDisagreements(disagreements, disputedPixels);
    if (changes.length > 0) this.#labelFiles++;
    for (const { from, to, pixels } of changes) {
      add(this.#changes, `${from} ${to}`, pixels);
    }
  }

  addPoints({ fitting, changed, disagreements, findings, disputedPixels }: DecidedPoints): void {
    this.addFindings(findings);
    for (const decision of fitting) this.#addDecision(decision);
    this.#addDisagreements(disagreements, disputedPixels);
    if (fitting.length > 0) this.#points.files++;
    this.#points.changed += changed;
  }

  summary({
    files,
    ordered: { undone, replaced, repeated },
    prefer,
  }: {
    readonly files: readonly DecisionFile[];
    readonly ordered: OrderedLines;
    readonly prefer: string | null;
  }): Omit<ReviewSummary, 'dataset' | 'output' | 'copied' | 'earlier'> {
    const changes = [...this.#changes].map(([key, pixels]) => {
      const [from = 0, to = 0] = key.split(' ').map(Number);
      return { from: this.#name(from), to: this.#name(to), pixels };
    });
    return {
      journals: files.map(({ path, kind, lines, open }) => ({ file: path, kind, lines: lines.length, open })),
      people: Object.fromEntries(this.#people),
      actions: Object.fromEntries(this.#actions),
      seconds: this.#seconds,
      ...{ undone, replaced, repeated },
      changed: {
        labelFiles: this.#labelFiles,
        pixels: changes.reduce((sum, { pixels }) => sum + pixels, 0),
      },
      changes: changes.sort((a, b) => b.pixels - a.pixels),
      points: this.#points,
      prefer,
      disagreementCount: this.#disagreementCount,
      disputedPixels: this.#disputedPixels,
      disagreements: this.#disagreements,
      findings: [...this.#findings.values()] satisfies CountedFindings[],
    };
  }

  #addDecision({ line }: OrderedDecision): void {
    add(this.#people, line.by, 1);
    add(this.#actions, line.action, 1);
    this.#seconds += line.seconds ?? 0;
  }

  #addDisagreements(disagreements: readonly Disagreement[], disputedPixels: number): void {
    this.#disagreementCount += disagreements.length;
    this.#disputedPixels += disputedPixels;
    for (const { first, second, pixels, settled } of disagreements) {
      if (this.#disagreements.length === mostDisagreements) return;
      const { split, image, labels } = first.line;
      const decisions = [first, second].map((one) => ({
        by: one.line.by,
        what: whatOf(one),
        place: one.place,
      }));
      this.#disagreements.push({ split, image, labels, decisions, pixels, settled });
    }
  }

  #name(label: number): string {
    return label === ignoreIndex ? '' : (this.#classes[label] ?? `${label}`);
  }
}

/** Says in a few words what was decided. */
function whatOf({ line }: OrderedDecision): string {
  switch (line.action) {
    case 'accept':
      return `${line.region.given} is ${line.region.suggested}`;
    case 'keep':
      return `${line.region.given} is right`;
    case 'assign':
      return `${line.region.given} is ${line.class}`;
    case 'unlabel':
      return `${line.region.given} is no label`;
    case 'polygon':
      return line.class === null ? 'polygon of no label' : `polygon of ${line.class}`;
    case 'point':
      return `(${line.x}, ${line.y}) is ${line.class ?? 'not to be told'}`;
    default:
      return line satisfies never;
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
