/**
 * A dataset as the doctor goes through it: splits, the sets of labels they have, and samples that are inspected by name.
 * One source reads plain folders file by file; another reads any kind of dataset through its public interface.
 */

import type { ClassList, Size } from '../data/index.js';
import type { LabelSamples } from '../data/internal.js';
import type { FileFindingCode, Finding, LabeledPart } from './diagnosis.js';

export interface DoctorSource {
  readonly root: string;
  readonly kind: string;
  /** Null when it is missing or wrong, which `findings` then say. */
  readonly classList: ClassList | null;
  readonly splits: readonly SourceSplit[];
  /** Names of the sets of labels, in order. */
  readonly labelSets: readonly string[];
  /** What the listing alone showed. */
  readonly findings: readonly Finding[];
  /** What is worth knowing and keeps nobody from training. */
  readonly notes: readonly string[];
  /** What the check that precedes training says about a part, beside `findings`. */
  check(part: LabeledPart): Promise<readonly string[]>;
}

export interface SourceSplit {
  readonly name: string;
  /** Samples by name, in order: everything that has an image. */
  readonly images: readonly string[];
  /** For each set of labels of this split, the number of label files, and the samples that have one. */
  readonly labels: ReadonlyMap<string, SplitLabels>;
  /** Looks at a sample: by its headers, or with `decode` at the content of its files. */
  inspect(name: string, how: { readonly decode: boolean }): Promise<SampleInspection>;
}

export interface SplitLabels {
  readonly files: number;
  readonly samples: ReadonlySet<string>;
}

/** What one sample holds. */
export interface SampleInspection {
  /** Null when it is not known without decoding, or cannot be read. */
  readonly imageSize: Size | null;
  /** Decoded labels by set; empty when only headers were looked at. */
  readonly labels: ReadonlyMap<string, DecodedLabels>;
  readonly flaws: readonly Flaw[];
}

/** Labels as stored, and where. */
export interface DecodedLabels extends Pick<LabelSamples, 'samples' | 'channels' | 'inColor' | 'palette'> {
  readonly size: Size;
  /** Relative to the root. */
  readonly path: string;
  /** How they are stored: `8-bit gray`, `palette`, `RGB`, … */
  readonly form: string;
}

/** Something wrong with a file. */
export interface Flaw {
  readonly code: FileFindingCode;
  readonly labels: string | null;
  /** Relative to the root. */
  readonly path: string;
  /** What is wrong with this file; empty when the code says it all. */
  readonly reason: string;
}
