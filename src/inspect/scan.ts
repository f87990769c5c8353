/**
 * Goes through a dataset once: decodes some samples, evenly spread over each split, and reads the headers of the rest.
 */

import type { ClassList } from '../data/index.js';
import type { Finding, SplitInspection } from './dataset-inspection.js';
import { FindingCollector } from './finding-collector.js';
import { SizeTally } from './image-sizes.js';
import { ImageTally } from './image-tally.js';
import { LabelPairTally } from './label-pair-tally.js';
import { LabelTally } from './label-tally.js';
import type { InspectionSource, SampleInspection, SourceSplit } from './source.js';

/** Limits the samples read at once, which bounds memory and hides the latency of the disk. */
const samplesAtOnce = 8;

/** Configures `scan`. */
export interface ScanOptions {
  /** Limits the samples to decode in each split; null decodes all. */
  readonly sample: number | null;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Holds what a pass over a dataset counted. */
export interface Scan {
  readonly splits: readonly SplitInspection[];
  /** Holds the counts of each label folder, over all splits and for each split. */
  readonly tallies: ReadonlyMap<string, SetTally>;
  readonly pairs: readonly ScannedPair[];
  readonly findings: readonly Finding[];
}

/** Holds the counts of one label folder. */
export interface SetTally {
  readonly all: LabelTally;
  readonly bySplit: ReadonlyMap<string, LabelTally>;
}

/** Holds the comparison of two label folders in one split. */
export interface ScannedPair {
  readonly split: string;
  readonly sets: readonly [string, string];
  readonly tally: LabelPairTally;
}

/** Returns `count` of the indices 0 … total − 1, evenly spread from the first to the last. */
function spreadIndices(total: number, count: number): ReadonlySet<number> {
  if (count >= total) return new Set(Array.from({ length: total }, (_, place) => place));
  if (count <= 1) return new Set(count === 1 ? [0] : []);
  return new Set(Array.from({ length: count }, (_, step) => Math.round((step * (total - 1)) / (count - 1))));
}

/** Scans all splits. Problems with files become findings and are never thrown. */
export async function scan(source: InspectionSource, { sample, onProgress }: ScanOptions): Promise<Scan> {
  const collector = new FindingCollector();
  const total = source.splits.reduce((sum, { images }) => sum + images.length, 0);
  const tallies = new Map<string, { all: LabelTally; bySplit: Map<string, LabelTally> }>();
  for (const set of source.labelSets) {
    tallies.set(set, { all: new LabelTally(source.classList), bySplit: new Map() });
  }
  const splits: SplitInspection[] = [];
  const pairs: ScannedPair[] = [];
  const imageFindings: Finding[] = [];
  let done = 0;
  for (const split of source.splits) {
    const places = spreadIndices(split.images.length, sample ?? split.images.length);
    const sizes = new SizeTally();
    let turned = 0;
    const stored = new ImageTally();
    const splitPairs = pairsOf(split);
    pairs.push(...splitPairs);
    for (let start = 0; start < split.images.length; start += samplesAtOnce) {
      const names = split.images.slice(start, start + samplesAtOnce);
      const inspections = await Promise.all(
        names.map((name, place) => split.inspect(name, { decode: places.has(start + place) })),
      );
      for (const inspection of inspections) {
        if (inspection.imageSize !== null) sizes.add(inspection.imageSize);
        if (inspection.turned) turned++;
        if (inspection.image !== null) stored.add(inspection.image.path, inspection.image.measured);
        for (const problem of inspection.problems) collector.add(split.name, problem);
        countLabels(inspection, {
          split: split.name,
          classList: source.classList,
          tallies,
          pairs: splitPairs,
        });
      }
      done += names.length;
      onProgress?.({ done, total });
    }
    splits.push({
      name: split.name,
      images: split.images.length,
      decoded: places.size,
      turned,
      sizes: sizes.summary(),
      stored: stored.summary(),
    });
    const unstated = stored.rangeFinding(split.name, source.root);
    if (unstated !== null) imageFindings.push(unstated);
  }
  return { splits, tallies, pairs, findings: [...collector.findings(), ...imageFindings] };
}

/** Returns every pair of label folders of a split. */
function pairsOf({ name, labels }: SourceSplit): ScannedPair[] {
  const sets = [...labels.keys()];
  return sets.flatMap((first, place) =>
    sets
      .slice(place + 1)
      .map((second) => ({ split: name, sets: [first, second] as const, tally: new LabelPairTally() })),
  );
}

interface CountOptions {
  readonly split: string;
  readonly classList: ClassList | null;
  readonly tallies: ReadonlyMap<
    string,
    { readonly all: LabelTally; readonly bySplit: Map<string, LabelTally> }
  >;
  readonly pairs: readonly ScannedPair[];
}

function countLabels({ labels }: SampleInspection, { split, classList, tallies, pairs }: CountOptions): void {
  const mapped = new Map<string, Uint8Array>();
  for (const [set, decoded] of labels) {
    const tally = tallies.get(set);
    if (tally === undefined) continue;
    const inSplit = tally.bySplit.get(split) ?? new LabelTally(classList);
    tally.bySplit.set(split, inSplit);
    const counts = inSplit.count(decoded);
    inSplit.add(decoded, counts);
    tally.all.add(decoded, counts);
    mapped.set(set, counts.labels);
  }
  for (const { sets, tally } of pairs) {
    const [first, second] = [mapped.get(sets[0]), mapped.get(sets[1])];
    if (first !== undefined && second !== undefined) tally.add(first, second);
  }
}
