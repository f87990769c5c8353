/** Says why masks in other formats than PNG are not read: their images must not count as images that nobody labeled. */

import { extname } from 'node:path';
import type { Report } from '../reading.js';

/** Reports a mask that is no PNG. */
export function reportUnreadMask(mask: string, { report }: { readonly report: Report }): void {
  const message = isJpeg(mask)
    ? 'a mask that is a JPEG is left out with its image, as JPEG changes the values; export it as PNG'
    : 'a mask that is no PNG is left out with its image; convert it to PNG with the same values';
  report('unread-mask', message, mask);
}

/** Returns what is wrong with masks of which none is a PNG. */
export function unreadMasksText(mask: string): string {
  return isJpeg(mask)
    ? `the masks are JPEGs (${mask}), which changes their values; export them as PNG`
    : `the masks are no PNGs (${mask}); convert them to PNG with the same values`;
}

function isJpeg(file: string): boolean {
  return /^\.(jpe?g|jpe|jfif)$/i.test(extname(file));
}
