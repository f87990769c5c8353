/**
 * Defines what a dataset is: classes, and samples that are read by index. A dataset goes to worker threads as its config
 * section, which is plain data, and each thread opens it for itself.
 */

import type { Component } from '../../registry/index.js';
import type { DatasetClass } from '../classes.js';
import type { SharedFiles } from '../files/pair-table.js';
import type { RowRange } from '../images/image-file.js';
import type { ImageReading } from '../images/image-reading.js';
import type { LabelMap } from '../images/label-file.js';
import type { PaletteGroup } from './compare-palettes.js';

/** Holds a decoded image with its labels, at its original size. */
export interface Sample {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Holds the pixels [height, width, channels]: RGB, unless the dataset states another number of channels. */
  readonly image: Uint8Array;
  /** Holds class indices [height, width], and 255 for ignored pixels; is null when the dataset has no labels. */
  readonly labels: Uint8Array | null;
}

/** Holds decoded labels with an image whose rows are decoded on demand. */
export interface OpenSample extends Omit<Sample, 'image'> {
  /**
   * Decodes rows first … first + count − 1 as [count, width, channels].
   *
   * @throws {OperationError} when these rows of the file are damaged
   */
  imageRows(rows: RowRange): Uint8Array;
}

/** Gives images with labels in a fixed order. */
export interface SegmentationDataset {
  readonly classes: readonly DatasetClass[];
  readonly length: number;
  /** Counts the channels of the images; absent for the three of RGB. */
  readonly channels?: number;
  /** Says how the image files are read; absent where there are none. */
  readonly imageReading?: ImageReading;
  /** Returns the name of sample `index`: the stem that image and label file share. */
  name(index: number): string;
  /**
   * Decodes sample `index`.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  read(index: number): Promise<Sample>;
  /**
   * Reads sample `index` and decodes only its labels; absent where that is no faster.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  open?(index: number): Promise<OpenSample>;
  /**
   * Decodes the labels of sample `index` alone; null when it has none. Absent where that is no faster than `read`.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  readLabels?(index: number): Promise<LabelMap | null>;
  /** Lets another thread open the same dataset without listing its folders; absent where nothing is listed. */
  readonly files?: SharedFiles;
  /** Has one line, with file and reason, for each bad file that was left out; absent where none can be. */
  readonly skipped?: readonly string[];
}

/** Holds the result of checking a dataset before it is used. */
export interface DatasetCheck {
  /** Counts the samples. */
  readonly length: number;
  /** Has one line, with the path, for each thing that prevents the use of the dataset. */
  readonly problems: readonly string[];
  /** Has one line, with the path, for each bad file that the dataset leaves out. */
  readonly skipped?: readonly string[];
  /** Has one line, with the path, for each thing that was assumed or left out and prevents nothing. */
  readonly notes?: readonly string[];
  /** Holds the palettes of label files whose indices are classes, to compare with those of other parts. */
  readonly palettes?: readonly PaletteGroup[];
}

/** Describes a kind of dataset that a config can name. */
export interface DatasetComponent<Options = unknown>
  extends Component<Options, DatasetContext, Promise<SegmentationDataset>> {
  /** Finds what is wrong with a dataset: quickly from headers and some files, or with `deep` by decoding every file. */
  check(
    options: Options,
    how: {
      readonly deep: boolean;
      /** Says how image files are read; as RGB of 8 bits by default. */
      readonly images?: ImageReading | undefined;
    },
  ): Promise<DatasetCheck>;
  /** Describes the predictions that the dataset's test server accepts; absent where there is no such server. */
  readonly predictionFormat?: PredictionFormat;
}

/** Holds what may be known about a dataset beside its options. */
export interface DatasetContext {
  /** Holds the files that another thread has listed already. */
  readonly files?: SharedFiles | undefined;
  /** Says how image files are read; as RGB of 8 bits by default. */
  readonly images?: ImageReading | undefined;
}

/** Describes what a test server accepts: one 8-bit gray PNG for each image. */
export interface PredictionFormat {
  /** Lists the classes that a network must have learned, in this order. */
  readonly classes: readonly DatasetClass[];
  /** Gives the value of each class index in the file. */
  readonly values: readonly number[];
  /** Returns the file name for an image name without extension, or null when the server could not match it. */
  fileName(imageName: string): string | null;
  /** Says how images must be named, for error messages. */
  readonly imageNames: string;
}
