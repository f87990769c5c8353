/**
 * What a dataset is: classes, and samples that are read by index. A dataset travels to worker threads as its
 * description, a plain object that each thread opens for itself.
 */

import type { Component } from '../../registry/index.js';
import type { PairTableContent } from '../files/pair-table.js';

/** The label of a pixel that belongs to no class and takes part in no loss and no metric. */
export const ignoreIndex = 255;

/** Red, green and blue, 0–255. */
export type Color = readonly [red: number, green: number, blue: number];

/** A class of a dataset; its label is its place in the list. */
export interface DatasetClass {
  readonly name: string;
  readonly color: Color;
}

/** One image with its labels, decoded, at its own size. */
export interface Sample {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], RGB. */
  readonly image: Uint8Array;
  /** [height, width], class indices and 255 for ignored pixels; null when the dataset has no labels. */
  readonly labels: Uint8Array | null;
}

/** One image with its labels, of which only the labels are decoded yet. */
export interface OpenSample extends Omit<Sample, 'image'> {
  /** Decodes rows first … first + count − 1: [count, width, 3], RGB. Throws a DataError when the file is damaged. */
  imageRows(rows: { readonly first: number; readonly count: number }): Uint8Array;
}

/** Images with labels, in a fixed order. */
export interface SegmentationDataset {
  readonly classes: readonly DatasetClass[];
  readonly length: number;
  /** The name of sample `index`: a file's stem, the same for image and label. */
  name(index: number): string;
  /** Decodes sample `index`. Throws a DataError naming the file when it cannot be used. */
  read(index: number): Promise<Sample>;
  /**
   * Reads sample `index` and leaves its image to be decoded as far as it is needed; absent where that saves nothing.
   * Throws like `read`.
   */
  open?(index: number): Promise<OpenSample>;
  /** What opens the same dataset in another thread without listing its folders; absent where nothing is listed. */
  readonly files?: SharedFiles;
  /** A line for each bad file that was left out at opening, naming it and the reason; absent where none can be. */
  readonly skipped?: readonly string[];
}

/** What a dataset can say about itself before it is used; see `validateDataset`. */
export interface DatasetCheck {
  readonly length: number;
  /** One line for each thing that is wrong, naming the file. */
  readonly problems: readonly string[];
  /** One line for each bad file that the dataset leaves out, which keeps nobody from using the rest. */
  readonly skipped?: readonly string[];
}

/** A kind of dataset that a config can name. `check` finds what is wrong without keeping any sample. */
export interface DatasetComponent<Options = unknown>
  extends Component<Options, DatasetContext, Promise<SegmentationDataset>> {
  check(options: Options, how: { readonly deep: boolean }): Promise<DatasetCheck>;
  /** How the dataset's test server wants predictions; absent where there is no such server. */
  readonly predictionFormat?: PredictionFormat;
}

/** What a test server takes: one 8-bit gray PNG for each image. */
export interface PredictionFormat {
  /** What a network must have learned, in this order. */
  readonly classes: readonly DatasetClass[];
  /** The value of each class index in the file. */
  readonly values: readonly number[];
  /** The file for an image, by the name of its file without extension; null when the server could not match it. */
  fileName(imageName: string): string | null;
  /** What images must be called, for the message that one is not. */
  readonly imageNames: string;
}

/** The files of an opened dataset, in memory that threads share. */
export interface SharedFiles {
  readonly pairs: PairTableContent;
  readonly skipped: readonly string[];
}

/** What may be known beside the options. */
export interface DatasetContext {
  /** The files that another thread has listed. */
  readonly files?: SharedFiles | undefined;
}

/** `{ kind, ...options of that kind }`: plain data, so that `structuredClone` and a config file can carry it. */
export interface DatasetDescription {
  readonly kind: string;
  readonly [option: string]: unknown;
}
