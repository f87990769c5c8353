/**
 * Describes what the files of an annotation tool say about images, before anything is drawn. Every reader returns this form,
 * and everything behind the readers is the same for all tools.
 */

import type { Color, Size } from '../data/index.js';
import type { Ring } from '../geometry/index.js';

/**
 * Describes the shape of an annotation, in pixels: (0, 0) is the upper left corner of the upper left pixel, whose center is
 * (0.5, 0.5). Boxes, circles and ellipses are polygons.
 */
export type Shape =
  /** Unites parts. A pixel belongs to a part if it is inside an odd number of its rings: a ring inside a ring is a hole. */
  | { readonly kind: 'polygon'; readonly parts: readonly (readonly Ring[])[] }
  /** Has the pixels of `mask` [height, width] that are not 0; `left` and `top` place it in the image. */
  | ({ readonly kind: 'mask'; readonly left: number; readonly top: number; readonly mask: Uint8Array } & Size)
  /** Follows an open line x0, y0, x1, y1, … with the radius that points have too. */
  | { readonly kind: 'line'; readonly line: readonly number[] }
  /** Marks places x0, y0, x1, y1, … */
  | { readonly kind: 'points'; readonly points: readonly number[] };

/** Holds one annotation of an image. */
export interface Annotation {
  /** Names the class as the file does; null says that nobody should learn from these pixels (crowd, void, ignore). */
  readonly className: string | null;
  readonly shape: Shape;
  /** Orders the annotations where the tool states an order: higher ones lie on top. */
  readonly z?: number;
  /** Says where it stands in its file, for messages: `shapes[3]`. */
  readonly place: string;
}

/** Holds the classes of a whole image as a tool's label image states them. */
export interface RasterLabels extends Size {
  /** Holds a value for each pixel [height, width]. */
  readonly values: Uint8Array;
  /**
   * Names the class of each value: null where nobody should learn from it (void, the border of an object), undefined where
   * the tool does not list the value.
   */
  readonly names: readonly (string | null | undefined)[];
  /** Is the value of pixels that nobody labeled, where the tool has one. */
  readonly unlabeledValue?: number;
  /** Counts the objects of each class, where they are known; otherwise each class of the image counts as one. */
  readonly objects?: ReadonlyMap<string, number>;
}

/** Describes an image and what is drawn on it. */
export interface AnnotatedImage {
  /** Names the image as its file of annotations does. */
  readonly fileName: string;
  /** Is the path of the image; null when it is embedded or was not found. */
  readonly path: string | null;
  /** Holds the bytes of an image that is stored inside the file of annotations. */
  readonly embedded?: Uint8Array;
  /** Is the size that the file of annotations states, if it does. */
  readonly size: Size | null;
  /** Names the split where the files say it: `train`, `val`. */
  readonly split: string | null;
  readonly annotations: readonly Annotation[];
  readonly raster?: RasterLabels;
  /** Is the path of the file that describes this image. */
  readonly source: string;
}

/** Describes a class that a tool lists. */
export interface ListedClass {
  readonly name: string;
  readonly color?: Color;
}
