/** Describes what an import did, as plain data that is printed as tables or as JSON and written into the dataset. */

import type { Color, DatasetClass } from '../data/index.js';
import type { Placement } from '../files/index.js';
import { counted, formatPercent } from '../format/index.js';
import type { CountedFinding } from './dataset/finding-tally.js';
import type { ResolvedClasses } from './dataset/resolve-classes.js';
import { type ChosenOrder, orderText } from './dataset/stated-order.js';
import type { SplitTally, WrittenImages } from './dataset/write-images.js';

/** Describes a finished import. Shares are between 0 and 1. */
export interface ImportSummary {
  readonly source: string;
  readonly output: string;
  readonly format: string;
  /** Names the tool. */
  readonly title: string;
  /** Says by what the format was recognized; null where it was named. */
  readonly recognizedBy: string | null;
  /** Names the folder of labels in the dataset. */
  readonly labels: string;
  /** Counts the images that the source gives; one that is annotated twice counts once. */
  readonly given: number;
  /** Counts the images that were written. */
  readonly images: number;
  readonly splits: readonly ImportedSplit[];
  readonly classes: readonly ImportedClass[];
  /** Lists classes of the source that were not chosen. */
  readonly leftOutClasses: readonly string[];
  /** Counts how the images came into the dataset. */
  readonly placements: Readonly<Partial<Record<Placement, number>>>;
  /** Lists what was left out or changed, with counts and examples. */
  readonly findings: readonly CountedFinding[];
  /** Has a line for everything that was assumed, with what changes it. */
  readonly notes: readonly string[];
}

/** Describes a split. */
export interface ImportedSplit {
  readonly name: string;
  readonly images: number;
  /** Is the share of the pixels that have a class. */
  readonly labeledShare: number;
  /** Counts the pixels that points and lines label. */
  readonly points: number;
}

/** Describes a class of the dataset. */
export interface ImportedClass {
  readonly name: string;
  readonly color: Color;
  /** Lists the classes of the source that it is made of. */
  readonly from: readonly string[];
  /** Counts the annotations that were drawn and show; of a label image each class counts as one. */
  readonly annotations: number;
  /** Counts the images that it is in. */
  readonly images: number;
  /** Is its share of the pixels that have a class. */
  readonly share: number;
}

const unlabeledLabel = 255;

/** Returns the splits and classes of a summary. */
export function importedParts(
  written: WrittenImages,
  { classes, labels }: ResolvedClasses,
): Pick<ImportSummary, 'splits' | 'classes'> {
  const tallies = [...written.splits].sort(([a], [b]) => orderOf(a) - orderOf(b) || (a < b ? -1 : 1));
  const sums = (key: 'labelPixels' | 'labelImages' | 'labelAnnotations', label: number): number =>
    tallies.reduce((sum, [, tally]) => sum + (tally[key][label] as number), 0);
  const labeled = tallies.reduce((sum, [, tally]) => sum + labeledPixels(tally), 0);
  const from = (label: number): string[] =>
    [...labels].flatMap(([name, own]) => (own === label ? [name] : []));
  return {
    splits: tallies.map(([name, tally]) => ({
      name,
      images: tally.images,
      labeledShare: labeledPixels(tally) / tally.pixels,
      points: tally.points,
    })),
    classes: classes.map(({ name, color }: DatasetClass, label) => ({
      name,
      color,
      from: from(label),
      annotations: sums('labelAnnotations', label),
      images: sums('labelImages', label),
      share: labeled === 0 ? 0 : sums('labelPixels', label) / labeled,
    })),
  };
}

function labeledPixels({ pixels, labelPixels }: SplitTally): number {
  return pixels - (labelPixels[unlabeledLabel] as number);
}

function orderOf(split: string): number {
  const place = ['train', 'val', 'test'].indexOf(split);
  return place < 0 ? 3 : place;
}

/** Returns a line for each rule of drawing that made a difference. */
export function drawingNotes(
  { overlapping, splits }: WrittenImages,
  {
    classes,
    drawing,
    unlabeled,
  }: {
    readonly classes: readonly DatasetClass[];
    readonly drawing: ChosenOrder;
    readonly unlabeled: number;
  },
): string[] {
  const pixels = [...splits.values()].reduce((sum, tally) => sum + tally.pixels, 0);
  const unlabeledName = classes[unlabeled]?.name;
  return [
    unlabeledName === undefined
      ? 'pixels that no annotation covers are not labeled (255); --unlabeled background makes them a class'
      : `pixels that no annotation covers are of the class ${unlabeledName}`,
    ...(overlapping === 0
      ? []
      : [
          `where annotations of two classes overlap (${formatPercent(overlapping / pixels, { decimals: 2, sign: true })} of the pixels), ` +
            orderText(drawing),
        ]),
  ];
}

/** Returns a line that says how images came into a dataset, and what follows from it. */
export function placementNote(placements: ReadonlyMap<Placement, number>): string {
  const kinds = [...placements].map(([kind, count]) => {
    const one = { 'hard link': 'a hard link', 'symbolic link': 'a symbolic link', copy: 'a copy' }[kind];
    const many = { 'hard link': 'hard links', 'symbolic link': 'symbolic links', copy: 'copies' }[kind];
    return count === 1 ? `1 image is ${one}` : `${counted(count, 'image')} are ${many}`;
  });
  const symbolic = placements.has('symbolic link') ? ', which need the originals where they are' : '';
  const linked = placements.has('hard link') || placements.has('symbolic link');
  return `${kinds.join(', ')}${symbolic}${linked ? '; --copy makes copies' : ''}`;
}
