/** Decides about the first regions of an audit as a person would who sees the exact labels, so that what follows can be tried. */

import { existsSync } from 'node:fs';
import { ConfigError } from '../../errors/index.js';
import { parseRuns, visitRuns } from '../../geometry/index.js';
import { JournalWriter, type NewJournalLine } from '../../review/index.js';
import type { SuspectRegion } from '../suspect-region.js';
import type { ExactLabels } from './exact-labels.js';
import { decideRegion } from './simulated-decision.js';
import { countClasses } from './top-regions.js';

/** Configures `simulateReview`. */
export interface SimulateReviewOptions {
  /** Names the journal, which must not exist. */
  readonly journal: string;
  readonly exact: ExactLabels;
  /** Lists the names of the classes in the order of the exact labels. */
  readonly classes: readonly string[];
  /** Counts the regions that are decided about. */
  readonly count: number;
  /** Says how long a decision takes; 10 seconds by default. */
  readonly secondsEach?: number;
  /** Returns the name of an image of a split in its dataset; the image's own by default. */
  readonly nameOf?: (region: Pick<SuspectRegion, 'split' | 'image'>) => string;
}

/** Counts simulated decisions. */
export interface SimulatedReview {
  readonly journal: string;
  readonly decisions: Readonly<Record<'accept' | 'keep' | 'assign' | 'unlabel', number>>;
  /** Is how long a person would have taken. */
  readonly seconds: number;
  /** Counts the regions of images without exact labels, which nothing was decided about. */
  readonly skipped: number;
}

/** Says how long a person takes to decide about a region. */
const secondsOfDecision = 10;

/**
 * Writes a journal of decisions about the first regions: each gets the class that most of its pixels truly have, by accepting the
 * suggestion, keeping the label or assigning another class, and loses its label where most of them have no one class.
 *
 * @param regions best first
 * @throws {ConfigError} when the journal exists
 * @throws {DataError} naming the file when labels cannot be read
 * @throws {FileError} when the journal cannot be written
 */
export async function simulateReview(
  regions: Iterable<SuspectRegion>,
  {
    journal,
    exact,
    classes,
    count,
    secondsEach = secondsOfDecision,
    nameOf = ({ image }) => image,
  }: SimulateReviewOptions,
): Promise<SimulatedReview> {
  if (existsSync(journal)) {
    throw new ConfigError(
      `${journal}: exists already, and simulated decisions are never added to others; name another with --journal FILE`,
    );
  }
  using writer = JournalWriter.open(journal);
  const decisions = { accept: 0, keep: 0, assign: 0, unlabel: 0 };
  let [done, skipped] = [0, 0];
  for (const region of regions) {
    if (done + skipped >= count) break;
    const truth = await exact.read(nameOf(region), region);
    if (truth === null) {
      skipped++;
      continue;
    }
    const decision = decisionOf(region, { truth, classes });
    writer.append(lineOf(region, { decision, classes, labels: exact.labels, seconds: secondsEach }));
    decisions[decision.action]++;
    done++;
  }
  return { journal, decisions, seconds: done * secondsEach, skipped };
}

function decisionOf(
  region: SuspectRegion,
  { truth, classes }: { readonly truth: Uint8Array; readonly classes: readonly string[] },
) {
  const pixels: number[] = [];
  visitRuns(parseRuns(region.runs), region, (pixel) => pixels.push(pixel));
  return decideRegion({
    pixels: pixels.length,
    given: classes.indexOf(region.given),
    suggested: classes.indexOf(region.suggested),
    truth: countClasses(pixels, { truth, classCount: classes.length }),
  });
}

function lineOf(
  { split, image, labels: audited, width, height, id, given, suggested, runs }: SuspectRegion,
  {
    decision,
    classes,
    labels,
    seconds,
  }: {
    readonly decision: ReturnType<typeof decideRegion>;
    readonly classes: readonly string[];
    readonly labels: string;
    readonly seconds: number;
  },
): NewJournalLine {
  const common = {
    ...{ split, image, labels: audited, width, height, seconds },
    by: `simulated by ${labels}`,
    simulated: labels,
    region: { id, given, suggested, runs },
  };
  if (decision.action !== 'assign') return { ...common, action: decision.action };
  return { ...common, action: 'assign', class: classes[decision.class] as string };
}
