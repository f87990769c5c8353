/** Going through a source once: some samples are decoded, evenly spread over each split, and the rest by headers. */

import type { ClassList } from '../data/index.js';
import type { Finding, SplitDiagnosis } from './diagnosis.js';
import { FindingCollector } from './finding-collector.js';
import { SizeTally } from './image-sizes.js';
import { LabelPairTally } from './label-pair-tally.js';
import { LabelTally } from './label-tally.js';
import type { DoctorSource, SampleInspection, SourceSplit } from './source.js';

/** Samples looked at together; bounds the memory, and hides the waiting for a disk. */
const together = 8;

export interface ScanOptions {
  /** Samples decoded in each split; null decodes all. */
  readonly sample: number | null;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What a pass over a source counted. */
export interface Scan {
  readonly splits: readonly SplitDiagnosis[];
  /** By set of labels: over all splits, and for each split the share that is labeled. */
  readonly tallies: ReadonlyMap<string, SetTally>;
  readonly pairs: readonly ScannedPair[];
  readonly findings: readonly Finding[];
}

export interface SetTally {
  readonly all: LabelTally;
  readonly bySplit: ReadonlyMap<string, LabelTally>;
}

/** Two sets of labels compared in one split. */
export interface ScannedPair {
  readonly split: string;
  readonly sets: readonly [string, string];
  readonly tally: LabelPairTally;
}

/** `count` of `total` places, evenly spread from the first to the last. */
function spreadPlaces(total: number, count: number): ReadonlySet<number> {
  if (count >= total) return new Set(Array.from({ length: total }, (_, place) => place));
  if (count <= 1) return new Set(count === 1 ? [0] : []);
  return new Set(Array.from({ length: count }, (_, step) => Math.round((step * (total - 1)) / (count - 1))));
}

/** Scans all splits. Throws only for what is no fault of the files. */
export async function scan(source: DoctorSource, { sample, onProgress }: ScanOptions): Promise<Scan> {
  const collector = new FindingCollector();
  const total = source.splits.reduce((sum, { images }) => sum + images.length, 0);
  const tallies = new Map<string, { all: LabelTally; bySplit: Map<string, LabelTally> }>();
  for (const set of source.labelSets) {
    tallies.set(set, { all: new LabelTally(source.classList), bySplit: new Map() });
  }
  const splits: SplitDiagnosis[] = [];
  const pairs: ScannedPair[] = [];
  let done = 0;
  for (const split of source.splits) {
    const places = spreadPlaces(split.images.length, sample ?? split.images.length);
    const sizes = new SizeTally();
    const splitPairs = pairsOf(split);
    pairs.push(...splitPairs);
    for (let start = 0; start < split.images.length; start += together) {
      const names = split.images.slice(start, start + together);
      const inspections = await Promise.all(
        names.map((name, place) => split.inspect(name, { decode: places.has(start + place) })),
      );
      for (const inspection of inspections) {
        if (inspection.imageSize !== null) sizes.add(inspection.imageSize);
        for (const flaw of inspection.flaws) collector.add(split.name, flaw);
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
      sizes: sizes.summary(),
    });
  }
  return { splits, tallies, pairs, findings: collector.findings() };
}

/** Every two sets of labels of a split. */
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
