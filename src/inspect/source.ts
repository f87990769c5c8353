/**
 * Defines a dataset as the inspection sees it: splits, their label folders, and samples that are inspected by name.
 * One implementation reads plain folders file by file, another any kind of dataset through its public interface.
 */

import type { ClassList, Size } from '../data/index.js';
import type { LabelSamples, MeasuredImage, PaletteGroup } from '../data/internal.js';
import type { FileFindingCode, Finding, LabeledPart } from './dataset-inspection.js';

/** Describes a dataset that can be inspected. */
export interface InspectionSource {
  readonly root: string;
  readonly kind: string;
  /** Is null when the list is missing or wrong, which `findings` then say. */
  readonly classList: ClassList | null;
  readonly splits: readonly SourceSplit[];
  /** Names the label folders, in order. */
  readonly labelSets: readonly string[];
  /** Holds for each label folder the options of the dataset with which it is read, as far as they are not the defaults. */
  readonly options: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Lists problems that the listing of the folders has shown. */
  readonly findings: readonly Finding[];
  /** Lists notes that do not prevent training. */
  readonly notes: readonly string[];
  /** Returns what the check before training finds in a part beyond `findings`, one line for each problem. */
  check(part: LabeledPart): Promise<readonly string[]>;
  /** Reads the palettes of a label folder; none where palettes mean nothing, and where another check compares them. */
  palettes(labels: string): Promise<readonly PaletteGroup[]>;
}

/** Describes one split of an inspected dataset. */
export interface SourceSplit {
  readonly name: string;
  /** Names all samples with an image, in order. */
  readonly images: readonly string[];
  /** Describes the label files of this split by label folder. */
  readonly labels: ReadonlyMap<string, SplitLabels>;
  /** Inspects a sample by its headers, or with `decode` by the content of its files. */
  inspect(name: string, how: { readonly decode: boolean }): Promise<SampleInspection>;
}

/** Describes the label files of one split in one folder. */
export interface SplitLabels {
  /** Counts the label files, those without an image included. */
  readonly files: number;
  /** Names the images that have a label file. */
  readonly samples: ReadonlySet<string>;
}

/** Describes what one sample holds. */
export interface SampleInspection {
  /** Is null when the size cannot be read, or not without decoding. */
  readonly imageSize: Size | null;
  /** Says how the image is stored; null when it was not decoded. */
  readonly image: { readonly path: string; readonly measured: MeasuredImage } | null;
  /** Is true when the image has an EXIF orientation other than upright. */
  readonly turned: boolean;
  /** Holds decoded labels by label folder; empty when only headers were read. */
  readonly labels: ReadonlyMap<string, DecodedLabels>;
  readonly problems: readonly FileProblem[];
}

/** Holds labels as stored, before a class list gives them a meaning. */
export interface DecodedLabels extends Pick<LabelSamples, 'samples' | 'channels' | 'inColor' | 'palette'> {
  readonly size: Size;
  /** Gives the path relative to the root. */
  readonly path: string;
  /** Says how the labels are stored: `8-bit gray`, `palette`, `RGB`, … */
  readonly form: string;
}

/** Describes one problem with one file. */
export interface FileProblem {
  readonly code: FileFindingCode;
  readonly labels: string | null;
  /** Gives the path relative to the root. */
  readonly path: string;
  /** Says what is wrong with this file; empty when the code says it all. */
  readonly reason: string;
}
