/** Looks at one image as an audit does: scores its pixels and joins those that are suspected to regions. */

import { type FoundRegion, findRegions } from './find-regions.js';
import { type AuditedImage, type PixelSuspicions, scoreImage } from './score-image.js';

/** Returns what an audit says of an image, the region with most expected wrong pixels first. */
export function examineImage(audited: AuditedImage): {
  readonly suspicions: PixelSuspicions;
  readonly regions: readonly FoundRegion[];
} {
  const { labels, width, height, classCount } = audited;
  const suspicions = scoreImage(audited);
  return { suspicions, regions: findRegions(suspicions, { labels, size: { width, height }, classCount }) };
}
