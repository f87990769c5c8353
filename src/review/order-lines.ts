/**
 * Puts the lines of several journals into one order and finds out which of them hold: a line may be taken back by a later one,
 * and that one by a further one; of two decisions of a person about the same thing the later one holds.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Decision, JournalLine } from './journal-line.js';
import type { PlacedLine } from './read-journal.js';
import type { ReviewFinding } from './review-finding.js';

/** Holds a decision that holds, with its place among those of all people. */
export interface OrderedDecision extends PlacedLine<Decision> {
  /** Is greater for later decisions. */
  readonly order: number;
}

/** Holds what remains of the lines of several journals. */
export interface OrderedLines {
  readonly decisions: readonly OrderedDecision[];
  /** Counts the decisions that were taken back. */
  readonly undone: number;
  /** Counts the decisions of a person that a later one of theirs replaces. */
  readonly replaced: number;
  /** Counts the lines that stand in several journals, each of which counts once. */
  readonly repeated: number;
  readonly findings: readonly ReviewFinding[];
  /** Names the lines by which a person takes back what another one decided; nothing is taken back. */
  readonly refusedUndos: readonly ReviewFinding[];
}

/** Names whose decisions hold where people disagree: one person's, or the last one; null for nobody's. */
export type Preference = { readonly person: string } | 'last' | null;

/**
 * Orders the lines of journals by time, those of one journal in the order of the file, and returns the decisions that hold.
 *
 * @param journals holds the lines of each journal
 */
export function orderLines(
  journals: readonly (readonly PlacedLine[])[],
  { prefer }: { readonly prefer: Preference },
): OrderedLines {
  const findings: ReviewFinding[] = [];
  const { lines, repeated } = withoutRepeated(inOrder(journals), findings);
  const refusedUndos: ReviewFinding[] = [];
  const isHeld = heldLines(lines, { prefer, findings, refusedUndos });
  const held = lines.flatMap(({ line, place }, order): OrderedDecision[] =>
    line.action === 'undo' || isHeld[order] === 0 ? [] : [{ line, place, order }],
  );
  const undone = lines.filter(({ line }, order) => line.action !== 'undo' && isHeld[order] === 0).length;
  const decisions = latestOfEach(held);
  return {
    decisions,
    undone,
    replaced: held.length - decisions.length,
    repeated,
    findings,
    refusedUndos,
  };
}

function inOrder(journals: readonly (readonly PlacedLine[])[]): PlacedLine[] {
  const timed = journals.flatMap((lines) => {
    let latest = Number.NEGATIVE_INFINITY;
    return lines.map((placed) => {
      // A clock that was put back does not reorder the lines of a file.
      latest = Math.max(latest, Date.parse(placed.line.time));
      return { placed, time: latest };
    });
  });
  return timed.sort((a, b) => a.time - b.time).map(({ placed }) => placed);
}

function withoutRepeated(
  all: readonly PlacedLine[],
  findings: ReviewFinding[],
): { readonly lines: readonly PlacedLine[]; readonly repeated: number } {
  const known = new Map<string, JournalLine>();
  let repeated = 0;
  const lines = all.filter(({ line, place }) => {
    const before = known.get(line.id);
    if (before === undefined) {
      known.set(line.id, line);
      return true;
    }
    if (isDeepStrictEqual(before, line)) repeated++;
    else {
      findings.push({
        code: 'repeated-id',
        message: 'a line has the id of another one and says something else; the earlier one counts',
        example: `${place}: id ${line.id}`,
      });
    }
    return false;
  });
  return { lines, repeated };
}

/** Returns 1 for each line that holds and 0 for each that is taken back. */
function heldLines(
  lines: readonly PlacedLine[],
  {
    prefer,
    findings,
    refusedUndos,
  }: {
    readonly prefer: Preference;
    readonly findings: ReviewFinding[];
    readonly refusedUndos: ReviewFinding[];
  },
): Uint8Array {
  const places = new Map(lines.map(({ line }, order) => [line.id, order] as const));
  const held = new Uint8Array(lines.length).fill(1);
  // From the last line on, so that whether a line holds is known before what it takes back.
  for (let order = lines.length - 1; order >= 0; order--) {
    const { line, place } = lines[order] as PlacedLine;
    if (line.action !== 'undo' || held[order] === 0) continue;
    const target = places.get(line.line);
    const other = target === undefined ? undefined : lines[target]?.line;
    if (target === undefined || other === undefined || target >= order) {
      findings.push({
        code: 'undo-of-nothing',
        message: 'a line takes back a decision that does not stand before it; it is left out',
        example: `${place}: ${line.by} takes back ${line.line}`,
      });
    } else if (other.by === line.by || prefer === 'last' || isPerson(prefer, line.by)) {
      held[target] = 0;
    } else {
      refusedUndos.push({
        code: 'undo-of-another',
        message: 'a person takes back what another one decided; the decision holds',
        example: `${place}: ${line.by} takes back ${line.line} of ${other.by}`,
      });
    }
  }
  return held;
}

/** Tells whether a preference names this person. */
export function isPerson(prefer: Preference, name: string): boolean {
  return prefer !== null && prefer !== 'last' && prefer.person === name;
}

/** Keeps the last decision of each person about each region and each point; polygons are drawn over each other. */
function latestOfEach(decisions: readonly OrderedDecision[]): OrderedDecision[] {
  const last = new Map<string, number>();
  for (const { line, order } of decisions) last.set(subjectOf(line), order);
  return decisions.filter(({ line, order }) => last.get(subjectOf(line)) === order);
}

function subjectOf(line: Decision): string {
  const place = [line.by, line.split, line.image];
  if (line.action === 'polygon') return JSON.stringify([line.id]);
  if (line.action === 'point') return JSON.stringify([...place, line.x, line.y]);
  return JSON.stringify([...place, line.labels, line.region.id, line.region.runs]);
}
