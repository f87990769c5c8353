/** Fig. 4: the pixels that a network is unsure of, painted green on the image, and as brightness below it. */

import { type Figure, fileStem, percentText } from './figure.js';
import type { InspectedImage } from './maps-figure.js';
import { drawingToPng, photoPixels, pngUri } from './raster.js';
import { drawTileSheet, type Tile } from './tile-sheet.js';

const green = [46, 204, 64] as const;

/**
 * One PNG a run: a column an image.
 *
 * @param threshold confidence below which a pixel is painted, −1..1
 */
export async function lowConfidenceFigure(
  inspected: readonly InspectedImage[],
  { threshold }: { readonly threshold: number },
): Promise<Figure> {
  const runs = [...new Set(inspected.map(({ folder }) => folder))];
  const files = [];
  for (const folder of runs) {
    const own = inspected.filter((one) => one.folder === folder);
    const label = (own[0] as InspectedImage).label;
    const name = runs.length === 1 ? 'figure-4.png' : `figure-4-${fileStem(label)}.png`;
    files.push({ name, content: await drawImages(own, threshold) });
  }
  const rows = inspected.map((one) => ({
    ...one,
    share: shareBelow(one.inspection.confidence, threshold),
  }));
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
      ['run', 'image', `v̂ < ${String(threshold).replace('-', '−')}`],
      ...rows.map(({ label, image, share }) => [label, image.sample.name, percentText(share)]),
    ],
  };
}

async function drawImages(inspected: readonly InspectedImage[], threshold: number): Promise<Buffer> {
  const [first] = inspected as readonly [InspectedImage, ...InspectedImage[]];
  const { width, height } = first.image.sample;
  const painted: Tile[] = [];
  const intensity: Tile[] = [];
  for (const { image, inspection } of inspected) {
    const { sample } = image;
    const size = { width: sample.width, height: sample.height };
    const { confidence } = inspection;
    painted.push({
      title: sample.name,
      source: await pngUri(paintLowConfidence(sample, { confidence, threshold }), size),
      key: null,
      note: percentText(shareBelow(confidence, threshold)),
    });
    intensity.push({ title: '', source: await pngUri(intensityPixels(confidence), size), key: null });
  }
  return drawingToPng(
    drawTileSheet({
      title: `Pixels of low confidence: ${first.label}`,
      subtitle: `step ${first.step}; painted: v̂ < ${String(threshold).replace('-', '−')} (${first.confidenceKind}); below: brighter is less confident`,
      columns: inspected.length,
      aspect: width / height,
      tiles: [...painted, ...intensity],
    }),
  );
}

export interface PaintOptions {
  /** v̂, height × width. */
  readonly confidence: Float32Array;
  readonly threshold: number;
}

/** The image as RGBA with every pixel below the threshold mostly green. */
export function paintLowConfidence(
  sample: Parameters<typeof photoPixels>[0],
  { confidence, threshold }: PaintOptions,
): Uint8Array {
  const rgba = photoPixels(sample);
  for (const [pixel, value] of confidence.entries()) {
    if (value >= threshold) continue;
    for (const channel of [0, 1, 2] as const) {
      const at = pixel * 4 + channel;
      rgba[at] = Math.round(0.25 * (rgba[at] as number) + 0.75 * green[channel]);
    }
  }
  return rgba;
}

/** Gray: white is a guess, black is certainty. */
function intensityPixels(confidence: Float32Array): Uint8Array {
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
