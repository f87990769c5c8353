/** Sizes, and parts of a resized image. */

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle in the resized image. */
export interface CropWindow extends Size {
  readonly left: number;
  readonly top: number;
}

/** What is to be computed: `window` of an image of size `source` resized to `scaled`, mirrored left to right or not. */
export interface ResizedRegion {
  readonly source: Size;
  readonly scaled: Size;
  readonly window: CropWindow;
  readonly mirrored: boolean;
}
