/** Computes where an image lies in the frame that shows it. */

/** Places an image: a pixel (x, y) of it is shown at (left + scale x, top + scale y) in CSS pixels of the frame. */
export interface ViewTransform {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
}

/** Is a width and a height. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Shows the part of the image as large as the frame allows, in its middle. */
export function fitPart(frame: Extent, part: Extent & { left: number; top: number }): ViewTransform {
  const scale = Math.min(frame.width / part.width, frame.height / part.height);
  return {
    scale,
    left: frame.width / 2 - scale * (part.left + part.width / 2),
    top: frame.height / 2 - scale * (part.top + part.height / 2),
  };
}

/** Enlarges by `factor`, to 64 CSS pixels a pixel of the image at most, while the point of the frame stays in place. */
export function zoomAt(view: ViewTransform, { x, y, factor }: { x: number; y: number; factor: number }) {
  const scale = Math.min(64, Math.max(0.02, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, left: x - ratio * (x - view.left), top: y - ratio * (y - view.top) };
}
