/** Defines the result of inspecting a dataset: plain data that is printed as tables or as JSON. */

import type { Color, DatasetClass, Size } from '../data/index.js';

/**
 * Describes everything found out about a folder. Shares are between 0 and 1, and null where nothing could be measured.
 */
export interface DatasetInspection {
  readonly root: string;
  /** Names the kind of dataset that reads this folder; null when the folder is not a dataset. */
  readonly kind: string | null;
  /** Is null when the folder has no readable list of classes. */
  readonly classes: readonly DatasetClass[] | null;
  readonly splits: readonly SplitInspection[];
  readonly labelSets: readonly LabelSetInspection[];
  /** Compares each two label folders of a split; the sparser one counts as coarse. */
  readonly comparisons: readonly LabelComparison[];
  /** Describes the points of each split, folder by folder. */
  readonly points: readonly PointsInspection[];
  /** Lists what makes training fail or learn wrong labels. */
  readonly problems: readonly Finding[];
  /** Lists what training accepts although it is probably a mistake. */
  readonly hints: readonly string[];
  /** Holds a list of classes made from the label files; null when classes.json fits them. */
  readonly proposedClasses: ProposedClasses | null;
  /** Shows the expected layout as a drawn tree; null when the folder is a dataset. */
  readonly expected: string | null;
  /** Shows the folder as a drawn tree; null when the folder is a dataset. */
  readonly found: string | null;
  readonly verdict: Verdict;
}

/** Describes the images of one split. */
export interface SplitInspection {
  readonly name: string;
  readonly images: number;
  /** Counts the images that were decoded together with their labels. */
  readonly decoded: number;
  /** Counts the images with an EXIF orientation other than upright. */
  readonly turned: number;
  readonly sizes: SizeSummary | null;
  /** Says how the decoded images are stored; null when none was decoded. */
  readonly stored: ImageSummary | null;
}

/** Describes how images are stored. */
export interface ImageSummary {
  /** Counts images by the type of their values, the most common first: `8-bit`, `16-bit`, `32-bit float`, … */
  readonly types: readonly { readonly type: string; readonly files: number }[];
  /** Counts images by the channels that they store, the most common number first. */
  readonly channels: readonly { readonly channels: number; readonly files: number }[];
  /** Counts the images of several pages or frames, of which the first is read. */
  readonly severalPages: number;
  /** Gives the least and the greatest value of images of more than 8 bits; null when there are none. */
  readonly range: readonly [low: number, high: number] | null;
  /** Gives mean and standard deviation of each channel, from 0 to 255, of the images that were decoded. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] } | null;
}

/** Summarizes the sizes of images, in pixels, ordered by area. */
export interface SizeSummary {
  /** Counts the images whose size is known. */
  readonly images: number;
  readonly smallest: Size;
  readonly median: Size;
  readonly largest: Size;
  readonly mostCommon: Size & { readonly images: number };
}

/** Describes one folder of labels over all splits. */
export interface LabelSetInspection {
  readonly name: string;
  /** Counts label files and decoded files for each split. */
  readonly splits: readonly { readonly name: string; readonly files: number; readonly decoded: number }[];
  /** Holds the options of the dataset with which its files are read, as far as they are not the defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Counts the decoded files by how they store labels, the most common form first: `8-bit gray`, `palette`, `RGB`. */
  readonly forms: readonly { readonly form: string; readonly files: number }[];
  /** Lists the values in the decoded files, ascending; null when the files store colors. */
  readonly values: readonly number[] | null;
  /** Gives the share of decoded pixels without a label. */
  readonly unlabeledShare: number | null;
  /** Has one element for each class of the list, in its order. */
  readonly perClass: readonly ClassCoverage[];
  /** Names the classes that occur in no decoded file. */
  readonly neverSeen: readonly string[];
}

/** Describes how much of the decoded labels belongs to a class. */
export interface ClassCoverage {
  readonly name: string;
  /** Gives the share of the labeled pixels that belong to the class. */
  readonly share: number;
  readonly pixels: number;
  /** Counts the decoded files with at least one pixel of the class. */
  readonly images: number;
}

/** Compares two folders of labels for the same images. */
export interface LabelComparison {
  readonly split: string;
  readonly coarse: string;
  readonly fine: string;
  readonly images: number;
  /** Gives the share of all pixels that the coarse labels cover. */
  readonly coarseLabeled: number;
  /** Gives the share of all pixels that the fine labels cover. */
  readonly fineLabeled: number;
  /** Equals `coarseLabeled / fineLabeled`. */
  readonly ratio: number | null;
  /** Gives the share of equal labels among the pixels that both label. */
  readonly agreement: number | null;
  /** Gives, for each class, the share of its coarse labels that the fine ones confirm. */
  readonly perClass: readonly { readonly name: string; readonly agreement: number | null }[];
}

/** Describes the points of one split in one folder. */
export interface PointsInspection {
  readonly folder: string;
  readonly split: string;
  /** Counts the images that have a point with a class. */
  readonly images: number;
  /** Counts the points with a class. */
  readonly points: number;
  /** Counts the points of these images whose class was asked for and is not known. */
  readonly unanswered: number;
  readonly perClass: readonly { readonly name: string; readonly points: number }[];
  /** Compares the points with each folder of labels. */
  readonly comparisons: readonly PointComparison[];
}

/** Compares points with a folder of labels of the same images. */
export interface PointComparison {
  readonly labels: string;
  /** Gives the share of the points where the folder has a label. */
  readonly covered: number | null;
  /** Gives the share of these at which it is the same. */
  readonly agreement: number | null;
}

/** Describes one problem and the files that show it. */
export interface Finding {
  readonly code: FindingCode;
  readonly split: string | null;
  readonly labels: string | null;
  /** Says in one line what is wrong. */
  readonly message: string;
  /** Says what to do about it. */
  readonly remedy: string;
  /** Counts the files that show the problem; 0 when it concerns the folder. */
  readonly count: number;
  /** Names the first such files relative to the root, each with a reason where reasons differ. */
  readonly examples: readonly string[];
}

/** Names the problems that a single file can have. */
export type FileFindingCode =
  | 'same-name'
  | 'image-without-labels'
  | 'labels-without-image'
  | 'unreadable-image'
  | 'unreadable-labels'
  | 'wrong-size'
  | 'exif-turned'
  | 'sides-swapped'
  | 'refused';

/** Names every problem that an inspection can report. */
export type FindingCode =
  | FileFindingCode
  | 'not-a-dataset'
  | 'classes'
  | 'no-classes'
  | 'no-splits'
  | 'no-labels'
  | 'split-without-labels'
  | 'labels-not-png'
  | 'left-out'
  | 'image-range'
  | 'unreadable-folder'
  | 'one-class'
  | 'palettes-differ'
  | 'unknown-label'
  | 'unknown-color'
  | 'nothing-labeled'
  | 'points';

/** Holds the content of a proposed `classes.json`. */
export interface ProposedClasses {
  readonly classes: readonly ProposedClass[];
}

/** Describes a proposed class; its color is set where the files give one. */
export interface ProposedClass {
  readonly name: string;
  readonly color?: Color;
}

/** Names a split and one of its label folders. */
export interface LabeledPart {
  readonly split: string;
  readonly labels: string;
}

/** Says which parts to train and evaluate on, and whether both are usable as they are. */
export interface Verdict {
  readonly usable: boolean;
  readonly train: LabeledPart | null;
  readonly evaluation: LabeledPart | null;
}
