/** Describes what the viewer of pictures shows and takes. */

/** Describes a picture that lies over the image, stretched to its size. */
export interface PictureLayer {
  readonly name: string;
  /** Is the address of the picture. */
  readonly source: string;
  /** Is in [0, 1]. */
  readonly opacity: number;
  /** Label maps keep hard edges when they are enlarged. */
  readonly kind: 'photo' | 'labels' | 'map';
}

/** Describes a region by its outline: rings x0, y0, x1, y1, … in pixels of the image. */
interface OutlinedRegion {
  readonly rings: readonly (readonly number[])[];
  /** Is a CSS color. */
  readonly color: string;
}

/** Configures `PictureViewer`. */
export interface PictureViewerOptions {
  /** Is the size of the image in pixels. */
  readonly width: number;
  readonly height: number;
  /** Says in words what is shown. */
  readonly label: string;
  /** Lists the layers from the bottom; the first is the image. */
  readonly layers: readonly PictureLayer[];
  readonly regions?: readonly OutlinedRegion[];
  /** Marks a pixel by a cross. */
  readonly cross?: { readonly x: number; readonly y: number } | null;
  /** Is the part that is in sight at first, in pixels of the image; by default all of it. */
  readonly focus?: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  /** Says what the pointer does; by default it moves the picture. */
  readonly tool?: 'move' | 'brush' | 'polygon';
  /** Is the diameter of the brush in pixels of the image. */
  readonly brushSize?: number;
  /** Is called with what was drawn, as rings of one region. */
  readonly onDraw?: (rings: number[][]) => void;
}
