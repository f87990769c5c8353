/** Describes what applying decisions did, as it is printed and kept in `review.json`. */

import type { CopiedDataset } from './copy-dataset.js';

/** Says that two people decided differently about the same pixels of an image. */
export interface NamedDisagreement {
  readonly split: string;
  readonly image: string;
  readonly labels: string;
  /** Says who decided what, and where it stands. */
  readonly decisions: readonly { readonly by: string; readonly what: string; readonly place: string }[];
  readonly pixels: number;
  /** Is true where the preferred decision holds, and false where the labels stay as they were. */
  readonly settled: boolean;
}

/** Counts the findings of one kind and shows some of them. */
export interface CountedFindings {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly examples: readonly string[];
}

/** Is what `applyJournals` did. */
export interface ReviewSummary {
  /** Is the folder of the dataset that was reviewed. */
  readonly dataset: string;
  /** Is the folder of the new dataset. */
  readonly output: string;
  readonly journals: readonly {
    readonly file: string;
    readonly kind: 'journal' | 'tasks';
    readonly lines: number;
    /** Counts the tasks that nobody has answered. */
    readonly open: number;
  }[];
  /** Counts the decisions of each person that hold and fit. */
  readonly people: Readonly<Record<string, number>>;
  /** Counts them by what was decided, such as `accept` or `keep`. */
  readonly actions: Readonly<Record<string, number>>;
  /** Adds up the seconds that people took for these, where the journal says it. */
  readonly seconds: number;
  /** Counts decisions that were taken back. */
  readonly undone: number;
  /** Counts decisions that a later one of the same person replaces. */
  readonly replaced: number;
  /** Counts lines that stand in several journals. */
  readonly repeated: number;
  /** Counts the label files and pixels that changed. */
  readonly changed: { readonly labelFiles: number; readonly pixels: number };
  /** Lists how many pixels went from which class to which, the most first; an empty name is no label. */
  readonly changes: readonly { readonly from: string; readonly to: string; readonly pixels: number }[];
  readonly points: {
    /** Counts the files of points that were written. */
    readonly files: number;
    /** Counts the pixels that got a class, another one, or none in place of one. */
    readonly changed: number;
  };
  /** Names whose decisions hold where people disagree. */
  readonly prefer: string | null;
  /** Counts all disagreements, with the first of them in `disagreements`. */
  readonly disagreementCount: number;
  /** Counts the pixels that keep their label, as people disagree about them. */
  readonly disputedPixels: number;
  readonly disagreements: readonly NamedDisagreement[];
  /** Lists what was left out. */
  readonly findings: readonly CountedFindings[];
  readonly copied: CopiedDataset;
  /** Holds the records of earlier reviews. */
  readonly earlier: readonly unknown[];
}
