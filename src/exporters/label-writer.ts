/** Describes what writes labels in the form of an annotation tool. */

import type { DatasetClass, Size } from '../data/index.js';

/** Holds the labels of an image of a dataset, ready to be written. */
export interface ExportedImage extends Size {
  readonly split: string;
  /** Names the image as its dataset does, without the split: `city/a`. */
  readonly name: string;
  /** Is the path of the image file. */
  readonly image: string;
  /** Holds class indices [height, width], and 255 for pixels that are left out. */
  readonly labels: Uint8Array;
}

/** Says where files are written, and how. */
export interface WriterContext {
  /** Is the folder that is written into. It becomes `output` once all is written, and lies beside it. */
  readonly folder: string;
  /** Is the absolute path that the folder will have. */
  readonly output: string;
  /** Is the absolute path of the dataset's folder of images. */
  readonly images: string;
  readonly classes: readonly DatasetClass[];
  /** Is how far in pixels a polygon may be from the border of the labels. */
  readonly tolerance: number;
}

/** Counts what was written of an image. */
export interface WrittenShapes {
  /** Counts polygons, and masks that stand for regions with holes. */
  readonly shapes: number;
  /** Counts polygons that keep all corners, as the tolerance would have made them vanish. */
  readonly kept: number;
}

/** Writes the labels of one image after the other. */
export interface LabelWriter {
  /** Writes an image; those of a split come one after the other. */
  add(image: ExportedImage): Promise<WrittenShapes>;
  /** Writes what comes after the last image. */
  finish(): Promise<void>;
}

/** Describes a form in which labels are written. */
export interface ExportFormat {
  /** Says whether labels become polygons, to which the tolerance applies. */
  readonly polygons: boolean;
  readonly create: (context: WriterContext) => LabelWriter;
}
