/** What the dataset doctor says: plain data, which is printed as a table or as JSON. */

import type { Color, DatasetClass, Size } from '../data/index.js';

/** Everything found out about a folder. Shares are from 0 to 1; null where nothing was there to measure. */
export interface Diagnosis {
  readonly root: string;
  /** The kind of dataset that reads this folder; null when it is none. */
  readonly kind: string | null;
  /** Null when the folder has no list of classes that can be read. */
  readonly classes: readonly DatasetClass[] | null;
  readonly splits: readonly SplitDiagnosis[];
  readonly labelSets: readonly LabelSetDiagnosis[];
  /** For each split with two label sets, the sparser against the fuller one. */
  readonly comparisons: readonly LabelComparison[];
  /** What makes training refuse the folder, or learn the wrong thing. */
  readonly problems: readonly Finding[];
  /** What is worth knowing, and mostly a slip. */
  readonly hints: readonly string[];
  /** A list of classes made from what the label files hold, where the folder has none that fits. */
  readonly proposedClasses: ProposedClasses | null;
  /** What was expected and what is there, when the folder is no dataset. */
  readonly expected: string | null;
  readonly found: string | null;
  readonly verdict: Verdict;
}

/** The images of one split. */
export interface SplitDiagnosis {
  readonly name: string;
  readonly images: number;
  /** How many of them were decoded, their labels with them. */
  readonly decoded: number;
  readonly sizes: SizeSummary | null;
}

/** Sizes of images, ordered by area. */
export interface SizeSummary {
  /** Number of images whose size is known. */
  readonly images: number;
  readonly smallest: Size;
  readonly median: Size;
  readonly largest: Size;
  readonly mostCommon: Size & { readonly images: number };
}

/** One folder of labels, over all splits. */
export interface LabelSetDiagnosis {
  readonly name: string;
  /** Label files and decoded ones in each split. */
  readonly splits: readonly { readonly name: string; readonly files: number; readonly decoded: number }[];
  /** How the decoded files store labels, the most common form first: `8-bit gray`, `palette`, `RGB`. */
  readonly forms: readonly { readonly form: string; readonly files: number }[];
  /** Values in the files, in order; null where they are colors. */
  readonly values: readonly number[] | null;
  readonly unlabeledShare: number | null;
  /** One for each class of the list. */
  readonly perClass: readonly ClassCoverage[];
  readonly neverSeen: readonly string[];
}

/** How much of the decoded labels a class has. */
export interface ClassCoverage {
  readonly name: string;
  /** Share of the labeled pixels. */
  readonly share: number;
  readonly pixels: number;
  /** Decoded files that have at least one pixel of it. */
  readonly images: number;
}

/** Two sets of labels of the same images. */
export interface LabelComparison {
  readonly split: string;
  readonly coarse: string;
  readonly fine: string;
  readonly images: number;
  /** Shares of all pixels that have a label. */
  readonly coarseLabeled: number;
  readonly fineLabeled: number;
  /** `coarseLabeled` over `fineLabeled`. */
  readonly ratio: number | null;
  /** Share of the pixels labeled in both whose labels are equal. */
  readonly agreement: number | null;
  /** The share of the coarse labels of a class that the fine ones confirm. */
  readonly perClass: readonly { readonly name: string; readonly agreement: number | null }[];
}

/** Something wrong, with the files that show it. */
export interface Finding {
  readonly code: FindingCode;
  readonly split: string | null;
  readonly labels: string | null;
  /** One line: what is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** How many files show it; 0 when it is about the folder. */
  readonly count: number;
  /** The first of them, relative to the root, with a reason where they differ. */
  readonly examples: readonly string[];
}

/** What can be wrong with single files. */
export type FileFindingCode =
  | 'same-name'
  | 'image-without-labels'
  | 'labels-without-image'
  | 'unreadable-image'
  | 'unreadable-labels'
  | 'wrong-size'
  | 'refused';

export type FindingCode =
  | FileFindingCode
  | 'not-a-dataset'
  | 'classes'
  | 'no-classes'
  | 'no-splits'
  | 'no-labels'
  | 'labels-not-png'
  | 'unknown-label'
  | 'unknown-color'
  | 'nothing-labeled';

/** The content of a `classes.json`. */
export interface ProposedClasses {
  readonly classes: readonly ProposedClass[];
}

export interface ProposedClass {
  readonly name: string;
  readonly color?: Color;
}

/** A split with one set of its labels. */
export interface LabeledPart {
  readonly split: string;
  readonly labels: string;
}

/** Which parts to train and evaluate on, and whether they can be used as they are. */
export interface Verdict {
  readonly usable: boolean;
  readonly train: LabeledPart | null;
  readonly evaluation: LabeledPart | null;
}
