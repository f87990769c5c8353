/** Labels belong to an image pixel by pixel. */

import type { Size } from '../images/region.js';

/** What to tell when the label file `path` has another size than its image; null when it has the same. */
export function sizeMismatch(
  path: string,
  { image, labels }: { readonly image: Size; readonly labels: Size },
): string | null {
  if (image.width === labels.width && image.height === labels.height) return null;
  return `${path}: labels are ${labels.width}×${labels.height}, but the image is ${image.width}×${image.height}`;
}
