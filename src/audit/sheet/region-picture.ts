/** Cuts the part of an image around a region out, with the outline of the region in its coordinates. */

import sharp from 'sharp';
import { type Size, visibleColors } from '../../data/index.js';
import { parseRuns, simplifyRing, traceRings, visitRuns } from '../../geometry/index.js';
import type { SuspectRegion } from '../suspect-region.js';

/** Holds a picture of a region with its surroundings. */
export interface RegionPicture extends Size {
  /** Holds the picture as a data URI. It may have fewer pixels than the part that it shows, which has this size. */
  readonly source: string;
  /** Holds the outline as the path of an SVG, in pixels of the part that is shown. */
  readonly outline: string;
}

/** Is the least width and height of the shown part in pixels, as a few pixels alone cannot be recognized. */
const leastSide = 120;
/** Limits the width and height of a picture. */
const mostSide = 360;

/** Returns the picture of a region; `image` [height, width, channels] is the whole image. */
export async function regionPicture(
  region: SuspectRegion,
  { image, width, height }: Size & { readonly image: Uint8Array },
): Promise<RegionPicture> {
  const part = shownPart(region, { width, height });
  const scale = Math.min(1, mostSide / Math.max(part.width, part.height));
  const webp = await sharp(visibleColors(image, { width, height }), { raw: { width, height, channels: 3 } })
    .extract(part)
    .resize({ width: Math.max(1, Math.round(part.width * scale)) })
    .webp({ quality: 78 })
    .toBuffer();
  return {
    width: part.width,
    height: part.height,
    source: `data:image/webp;base64,${webp.toString('base64')}`,
    outline: outlineOf(region, { part, tolerance: 0.5 / scale }),
  };
}

interface Part extends Size {
  readonly left: number;
  readonly top: number;
}

/** Returns the part of an image that shows a region with half its size around it. */
function shownPart({ box: [left, top, width, height] }: SuspectRegion, image: Size): Part {
  const [columns, firstColumn] = span({ start: left, length: width, limit: image.width });
  const [rows, firstRow] = span({ start: top, length: height, limit: image.height });
  return { left: firstColumn, top: firstRow, width: columns, height: rows };
}

function span({
  start,
  length,
  limit,
}: {
  readonly start: number;
  readonly length: number;
  readonly limit: number;
}): [length: number, start: number] {
  const wanted = Math.min(limit, Math.max(leastSide, 2 * length));
  const first = Math.round(start + length / 2 - wanted / 2);
  return [wanted, Math.min(limit - wanted, Math.max(0, first))];
}

function outlineOf(
  { runs, width, height }: SuspectRegion,
  { part, tolerance }: { readonly part: Part; readonly tolerance: number },
): string {
  const ids = new Int32Array(part.width * part.height).fill(-1);
  visitRuns(parseRuns(runs), { width, height }, (pixel) => {
    const [x, y] = [(pixel % width) - part.left, Math.floor(pixel / width) - part.top];
    if (x >= 0 && y >= 0 && x < part.width && y < part.height) ids[y * part.width + x] = 0;
  });
  return traceRings(ids, part)
    .map(({ ring }) => {
      const simplified = simplifyRing(ring, tolerance);
      const corners = simplified.length >= 6 ? simplified : ring;
      const points = Array.from({ length: corners.length / 2 }, (_, place) =>
        [corners[2 * place], corners[2 * place + 1]].join(' '),
      );
      return `M${points.join('L')}Z`;
    })
    .join('');
}
