/** Says in which ways an image is shown to a frozen network: at several scales, and mirrored. */

/** Describes one way in which an image is shown. */
export interface FeatureView {
  /** Gives the factor on the image's size, or on the base size of inference where there is one. */
  readonly scale: number;
  /** Is true for the mirror image, left to right. */
  readonly mirrored: boolean;
}

/** Shows an image as inference does without any augmentation. */
export const plainView: FeatureView = { scale: 1, mirrored: false };

/** Returns one view for each scale, and with `flip` another one of its mirror image. */
export function featureViews({
  scales = [1],
  flip = false,
}: {
  readonly scales?: readonly number[];
  readonly flip?: boolean;
} = {}): FeatureView[] {
  return scales.flatMap((scale) => (flip ? [false, true] : [false]).map((mirrored) => ({ scale, mirrored })));
}

/** Returns a text that names a view in the name of a file: `1`, `0.5m`. */
export function viewName({ scale, mirrored }: FeatureView): string {
  return `${scale}${mirrored ? 'm' : ''}`;
}
