/** The page of an audit: pictures of regions with their outlines, tables, and nothing of a name that is markup. */

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Audit } from '#audit/audit.js';
import { renderContactSheet, summaryText } from '#audit/sheet/contact-sheet.js';
import { regionPicture } from '#audit/sheet/region-picture.js';
import { largestSwaps } from '#audit/sheet/swap-table.js';
import type { SuspectRegion } from '#audit/suspect-region.js';
import { formatRuns, maskRuns } from '#geometry/run-lengths.js';

const size = { width: 400, height: 300 };

/** Returns a region of the pixels of a rectangle. */
function rectangle([left, top, width, height]: readonly [number, number, number, number]): SuspectRegion {
  const mask = new Uint8Array(size.width * size.height);
  for (let y = top; y < top + height; y++) mask.fill(1, y * size.width + left, y * size.width + left + width);
  return {
    ...{ id: 'a1', split: 'train', image: 'street/<i>1', labels: 'coarse', ...size },
    ...{ box: [left, top, width, height], pixels: width * height, runs: formatRuns(maskRuns(mask, size)) },
    ...{ given: 'road', suggested: '<script>alert(1)</script>', expectedWrong: 1234.4 },
    ...{ confidence: 0.875, loss: 2.5, weight: 1.75, kind: 'object' },
  };
}

/** A gradient whose red is x and whose green is y, so that a picture tells which part it shows. */
const gradient = {
  ...size,
  image: Uint8Array.from(
    { length: 3 * size.width * size.height },
    (_, place) => [(Math.floor(place / 3) % 400) / 2, Math.floor(place / 1200) / 2, 0][place % 3] as number,
  ),
};

async function firstPixel(source: string) {
  const bytes = Buffer.from(source.slice(source.indexOf(',') + 1), 'base64');
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { info, x: 2 * (data[0] as number), y: 2 * (data[1] as number) };
}

describe('regionPicture', () => {
  it('shows a small region with its surroundings, and its outline in their coordinates', async () => {
    const picture = await regionPicture(rectangle([200, 100, 20, 10]), gradient);
    // 120 × 120 pixels around (210, 105).
    expect(picture).toMatchObject({ width: 120, height: 120, outline: 'M50 65L50 55L70 55L70 65Z' });
    const { info, x, y } = await firstPixel(picture.source);
    expect([info.width, info.height]).toEqual([120, 120]);
    expect(Math.abs(x - 150)).toBeLessThan(12);
    expect(Math.abs(y - 45)).toBeLessThan(12);
  });

  it('stays inside of the image at its edges', async () => {
    const picture = await regionPicture(rectangle([390, 0, 10, 10]), gradient);
    expect(picture.outline).toBe('M110 10L110 0L120 0L120 10Z');
    const { x, y } = await firstPixel(picture.source);
    expect(Math.abs(x - 280)).toBeLessThan(12);
    expect(y).toBeLessThan(12);
  });

  it('shows the whole image in fewer pixels where a region is large', async () => {
    const picture = await regionPicture(rectangle([0, 0, 400, 200]), gradient);
    expect(picture).toMatchObject({ width: 400, height: 300 });
    const { info } = await firstPixel(picture.source);
    expect([info.width, info.height]).toEqual([360, 270]);
  });
});

const classes = [
  { name: 'road', color: [128, 64, 128] },
  { name: '<script>alert(1)</script>', color: [0, 0, 255] },
] as const;

const audit: Audit = {
  ...{ version: 1, root: '/data/a & b', split: 'train', labels: 'coarse', folds: 5, run: null, classes },
  assumptions: ['Each image is judged.'],
  ...{ labeledPixels: 100_000, unjudgedPixels: 500, regions: 60, suspectedPixels: 4000 },
  expectedWrongPixels: 3000,
  swaps: [
    [0, 2500],
    [500, 0],
  ],
  coverage: [
    { regions: 10, pixels: 2000, share: 0.5 },
    { regions: 50, pixels: 3600, share: 0.9 },
    { regions: 60, pixels: 4000, share: 1 },
  ],
  images: [
    {
      ...{ split: 'train', image: 'street/<i>1', labeledPixels: 50_000, regions: 50 },
      ...{ suspectedPixels: 3500, expectedWrongPixels: 2750, score: 0.055 },
    },
    {
      ...{ split: 'train', image: 'fine', labeledPixels: 50_000, regions: 0, suspectedPixels: 0 },
      ...{ expectedWrongPixels: 0, score: 0 },
    },
  ],
};

describe('renderContactSheet', () => {
  it('shows regions, swaps and images, and escapes what comes from files', async () => {
    const region = rectangle([200, 100, 20, 10]);
    const shown = [{ region, picture: await regionPicture(region, gradient) }];
    const page = renderContactSheet({ audit, shown, style: 'body{}' });
    expect(page).not.toMatch(/<script|<i>1|a & b/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('/data/a &amp; b');
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).toContain('The first 1 region</h2>');
    const text = page.replaceAll(/<[^>]+>/g, '');
    for (const part of ['1,234 of 200 px', 'object', 'confidence 88 %', 'loss 2.5', 'weight 1.75'])
      expect(text).toContain(part);
    expect(page).toContain('fill="rgb(0,0,255)"');
    // The largest swap has the full color, one of a fifth its root.
    expect(page).toContain('<td style="--strength:100%">2,500</td>');
    expect(page).toContain('<td style="--strength:45%">500</td>');
    expect(page.match(/<tr><th scope="row">train \/ /g)).toHaveLength(1);
    expect(text).toContain('5.5 %');
  });

  it('says in sentences what an audit comes to', () => {
    expect(summaryText(audit)).toBe(
      '60 regions of 2 images are suspected to be wrong: 4,000 pixels, 4.0 % of those with a label, of which 3,000 are ' +
        'expected to be wrong. The first 50 regions hold 90.0 % of the suspected pixels. 0.5 % of the labels could not be ' +
        'judged, as no other fold has their class.',
    );
    expect(summaryText({ ...audit, regions: 0 })).toBe('No label of 2 images is suspected to be wrong.');
    expect(largestSwaps(audit).map(({ pixels }) => pixels)).toEqual([2500, 500]);
  });

  it('lists the largest swaps of many classes in place of a table of all', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      name: `class ${index}`,
      color: [0, 0, index] as const,
    }));
    const swaps = many.map((_, given) =>
      many.map((_, suggested) => (given === 3 && suggested === 7 ? 12 : 0)),
    );
    const page = renderContactSheet({ audit: { ...audit, classes: many, swaps }, shown: [], style: '' });
    expect(page.match(/<td>12<\/td>/g)).toHaveLength(1);
    expect(page).not.toContain('class="swaps"');
  });
});
