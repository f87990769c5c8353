/** Draws Fig. 4: pixels of low confidence painted green on the image, and below it the confidence as brightness. */

import type { MeasuredImage } from '../analysis/index.js';
import { formatNumber, formatPercent } from '../format/index.js';
import { type Figure, type FigureFile, fileStem } from './figure.js';
import { lowConfidenceColor } from './palette.js';
import { drawingToPng, photoPixels, pngUri } from './raster.js';
import { drawTileSheet, type Tile } from './tile-sheet.js';

/**
 * Makes the figure: one PNG for each run, with a column for each image.
 *
 * @param threshold confidence below which a pixel is painted, −1..1
 */
export async function lowConfidenceFigure(
  measured: readonly MeasuredImage[],
  { threshold }: { readonly threshold: number },
): Promise<Figure> {
  const folders = [...new Set(measured.map(({ folder }) => folder))];
  const files: FigureFile[] = [];
  for (const folder of folders) {
    const own = measured.filter((one) => one.folder === folder);
    const { label } = own[0] as MeasuredImage;
    const name = folders.length === 1 ? 'figure-4.png' : `figure-4-${fileStem(label)}.png`;
    files.push({ name, content: await drawImages(own, threshold) });
  }
  const rows = measured.map((one) => ({ ...one, share: shareBelow(one.maps.confidence, threshold) }));
  return {
    files,
    data: {
      figure: '4',
      threshold,
      images: rows.map(({ label, folder, step, image, share }) => ({
        run: label,
        folder,
        step,
        image: image.sample.name,
        shareBelow: share,
      })),
    },
    table: [
      ['run', 'image', `v̂ < ${formatNumber(threshold)}`],
      ...rows.map(({ label, image, share }) => [
        label,
        image.sample.name,
        formatPercent(share, { sign: true }),
      ]),
    ],
  };
}

async function drawImages(measured: readonly MeasuredImage[], threshold: number): Promise<Buffer> {
  const [first] = measured as readonly [MeasuredImage, ...MeasuredImage[]];
  const { width, height } = first.image.sample;
  const painted: Tile[] = [];
  const brightness: Tile[] = [];
  for (const { image, maps } of measured) {
    const { sample } = image;
    const { confidence } = maps;
    const size = { width: sample.width, height: sample.height };
    painted.push({
      title: sample.name,
      source: await pngUri(paintLowConfidence(sample, { confidence, threshold }), size),
      key: null,
      note: formatPercent(shareBelow(confidence, threshold), { sign: true }),
    });
    brightness.push({ title: '', source: await pngUri(brightnessPixels(confidence), size), key: null });
  }
  return drawingToPng(
    drawTileSheet({
      title: `Pixels of low confidence: ${first.label}`,
      subtitle: `step ${first.step}; painted: v̂ < ${formatNumber(threshold)} (${first.confidenceKind}); below: brighter is less confident`,
      columns: measured.length,
      aspect: width / height,
      tiles: [...painted, ...brightness],
    }),
  );
}

/** Configures which pixels are painted. */
export interface PaintOptions {
  /** v̂, height × width. */
  readonly confidence: Float32Array;
  /** Confidence below which a pixel is painted. */
  readonly threshold: number;
}

/** Returns the image as RGBA pixels, with those of low confidence mostly green. */
export function paintLowConfidence(
  sample: Parameters<typeof photoPixels>[0],
  { confidence, threshold }: PaintOptions,
): Uint8Array {
  const rgba = photoPixels(sample);
  for (const [pixel, value] of confidence.entries()) {
    if (value >= threshold) continue;
    for (const channel of [0, 1, 2] as const) {
      const at = pixel * 4 + channel;
      rgba[at] = Math.round(0.25 * (rgba[at] as number) + 0.75 * lowConfidenceColor[channel]);
    }
  }
  return rgba;
}

/** Returns gray RGBA pixels: white is a guess, black is certainty. */
function brightnessPixels(confidence: Float32Array): Uint8Array {
  const rgba = new Uint8Array(confidence.length * 4).fill(255);
  for (const [pixel, value] of confidence.entries()) {
    rgba.fill(Math.round((255 * (1 - value)) / 2), pixel * 4, pixel * 4 + 3);
  }
  return rgba;
}

function shareBelow(confidence: Float32Array, threshold: number): number {
  if (confidence.length === 0) return 0;
  return confidence.reduce((count, value) => count + Number(value < threshold), 0) / confidence.length;
}
