/** Describes a reader of the files of one annotation tool. */

import type { AnnotatedImage, ListedClass } from './annotations.js';

/** Lists what is at the place that a person names. */
export interface ImportSource {
  /** Is the path as given: a folder, or one file. */
  readonly path: string;
  /** Is that folder, or the folder of that file. */
  readonly root: string;
  /** Lists all files below `root` by their paths relative to it, with `/`, sorted; the one file where a file was given. */
  readonly files: readonly string[];
}

/** Configures how files are read. */
export interface ReadOptions {
  /** Names the folder in which images are looked for, where the files of annotations do not lead to them. */
  readonly images: string | null;
  /** Receives a line about what was left out or assumed, which names the file and the place in it. */
  readonly onFinding: (finding: ImportFinding) => void;
}

/** Says what was wrong with one thing in the files; findings of one code are counted and shown together. */
export interface ImportFinding {
  /** Names the kind of finding: `degenerate-shape` or `missing-image`. */
  readonly code: string;
  /** Says what was found, without the file: `a polygon of fewer than 3 points is left out`. */
  readonly message: string;
  /** Names the file, and the place in it: `a.json: shapes[3]`. */
  readonly example: string;
}

/** Gives the images of a source one after the other, as often as asked, without holding them all. */
export interface OpenedSource {
  /** Lists the classes that the tool states, in its order; null where they are only known from the annotations. */
  readonly classes: readonly ListedClass[] | null;
  /** Is the number of images, where it is known without reading all files. */
  readonly count: number | null;
  /**
   * Gives the images, each time in the same order. The first time, findings are reported too; images without a file are given
   * with a path of null, and whoever asked names them.
   */
  images(): AsyncIterable<AnnotatedImage>;
}

/** Reads the files of one annotation tool. */
export interface Importer {
  /** Names it for `--format`. */
  readonly format: string;
  /** Names the tool for a person: `Labelme`. */
  readonly title: string;
  /** Says by what it is recognized: `.json files with "shapes" and "imagePath"`. */
  readonly looksFor: string;
  /** Is true for files that many tools write; these count as recognized only where no tool of its own is. */
  readonly general?: boolean;
  /** Returns what the source was recognized by, or null. Reads little: the first files of the right kind. */
  recognize(source: ImportSource): Promise<string | null>;
  /** Opens a source. Throws a `DataError` that names the file when nothing of it can be used. */
  open(source: ImportSource, options: ReadOptions): Promise<OpenedSource>;
}
