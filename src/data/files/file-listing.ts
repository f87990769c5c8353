/** What a kind of dataset made of files finds in its folders, before any file is decoded. */

import type { DatasetClass } from '../datasets/dataset.js';
import type { LabelMap } from '../images/label-file.js';
import type { Size } from '../images/region.js';
import type { FilePair } from './pair-table.js';

/** How the label files of a dataset are read. Both throw a DataError naming the file. */
export interface LabelReader {
  read(path: string): Promise<LabelMap>;
  /** The size from as little of the file as can be, refusing what `read` would refuse for its form alone. */
  readSize(path: string): Promise<Size>;
}

/** What labels mean, and how they are read. */
export interface LabelMeaning {
  readonly classes: readonly DatasetClass[];
  readonly labelReader: LabelReader;
}

/** A dataset's files as its folders list them: nothing is decoded. */
export interface FileListing extends LabelMeaning {
  readonly pairs: readonly FilePair[];
  /** What the listing depends on: every folder that was listed, and every file left out because it breaks off. */
  readonly listed: readonly string[];
  /** One line for each thing that keeps the dataset from being used, naming the file. */
  readonly problems: readonly string[];
  /** One line for each bad file that was left out. */
  readonly skipped: readonly string[];
  /** Where the labels are, for the message that not one pixel is labeled; null when it is read without labels. */
  readonly labelFolder: string | null;
}
