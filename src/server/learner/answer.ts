/** Describes questions about single pixels and their answers, as they go between the server and the process that learns. */

/** Names a pixel of an image of the split that is labeled. */
export interface AskedPixel {
  readonly image: string;
  readonly x: number;
  readonly y: number;
}

/** Is a pixel to ask about. */
export interface Question extends AskedPixel {
  /** Is the size of the image in pixels. */
  readonly width: number;
  readonly height: number;
  /** Names the class that the head takes it for; null where no head was asked. */
  readonly suggested: string | null;
  /** Says why it is asked about: the name of a term of the strategy, or `chance`. */
  readonly reason: string;
}

/** Is a pixel with the class that a person gave it, null where the person could not tell. */
export interface Answer extends AskedPixel {
  readonly class: string | null;
}

/** Identifies a pixel among all images. */
export function pixelKey({ image, x, y }: AskedPixel): string {
  return `${x},${y},${image}`;
}
