/** Fig. 3: what a training step knows of an image: labels, class likelihoods, confidence, losses and weights as maps. */

import type { Inspection, LabeledImage } from '../analysis/index.js';
import type { DatasetClass } from '../data/index.js';
import { confidenceScale, weightScale } from './color-map.js';
import { type Figure, fileStem, numberText } from './figure.js';
import { classPixels, drawingToPng, mapPixels, photoPixels, pngUri } from './raster.js';
import { drawTileSheet, type Tile } from './tile-sheet.js';

/** One image as a run's last checkpoint sees it. */
export interface InspectedImage {
  readonly label: string;
  readonly folder: string;
  readonly step: number;
  readonly confidenceKind: string;
  readonly classes: readonly DatasetClass[];
  readonly image: LabeledImage;
  readonly inspection: Inspection;
}

/** One PNG an image. */
export async function mapsFigure(inspected: readonly InspectedImage[]): Promise<Figure> {
  const several = new Set(inspected.map(({ folder }) => folder)).size > 1;
  const files = [];
  for (const one of inspected) {
    const { name } = one.image.sample;
    const run = several ? `${fileStem(one.label)}-` : '';
    files.push({ name: `figure-3-${run}${fileStem(name)}.png`, content: await drawMaps(one) });
  }
  const rows = inspected.map((one) => ({ ...one, ranges: rangesOf(one.inspection) }));
  return {
    files,
    data: {
      figure: '3',
      images: rows.map(({ label, folder, step, image, ranges }) => ({
        run: label,
        folder,
        step,
        image: image.sample.name,
        ...ranges,
      })),
    },
    table: [
      ['run', 'image', 'confidence', 'loss', 'weight'],
      ...rows.map(({ label, image, ranges: { confidence, loss, weight } }) => [
        label,
        image.sample.name,
        rangeText(confidence),
        rangeText(loss),
        weight === null ? '–' : rangeText(weight),
      ]),
    ],
  };
}

async function drawMaps({
  label,
  step,
  confidenceKind,
  classes,
  image,
  inspection,
}: InspectedImage): Promise<Buffer> {
  const { sample, teaching } = image;
  const { width, height } = sample;
  const size = { width, height };
  const { prediction, likelihood, confidence, losses, weights } = inspection;
  const { loss } = rangesOf(inspection);
  const highestLoss = Math.max(1, Math.ceil(loss[1]));
  const exact = { ...size, smooth: false };
  const tiles: Tile[] = [
    { title: 'Image', source: await pngUri(photoPixels(sample), size), key: null },
    {
      title: 'Label',
      source: await pngUri(classPixels(teaching, { classes }), exact),
      key: null,
      note: 'gray: not labeled',
    },
    {
      title: 'Class likelihood',
      source: await pngUri(classPixels(prediction, { classes, likelihood }), size),
      key: null,
      note: 'predicted class, darker where less likely',
    },
    {
      title: `Confidence v̂ (${confidenceKind})`,
      source: await pngUri(mapPixels(confidence, { scale: confidenceScale, low: -1, high: 1 }), size),
      key: { scale: confidenceScale, ends: ['−1', '+1'] },
    },
    {
      title: 'Loss',
      source: await pngUri(mapPixels(losses, { scale: weightScale, low: 0, high: highestLoss }), size),
      key: { scale: weightScale, ends: ['0', String(highestLoss)] },
    },
    {
      title: 'Weight, mean 1',
      source: await pngUri(
        mapPixels(weights ?? uniform(teaching), { scale: weightScale, low: 0, high: 2 }),
        size,
      ),
      key: { scale: weightScale, ends: ['0', '≥ 2'] },
    },
  ];
  const present = classes.filter((_, id) => prediction.includes(id) || teaching.includes(id));
  return drawingToPng(
    drawTileSheet({
      title: `${label}: ${sample.name}`,
      subtitle: `What one training step knows of an image, at step ${step}${weights === null ? '; this run gives every pixel the same weight' : ''}`,
      columns: 3,
      aspect: width / height,
      tiles,
      legend: present.map(({ name, color }) => ({ name, color: `rgb(${color.join(',')})` })),
    }),
  );
}

/** The weights of a run without reweighter. */
function uniform(teaching: Uint8Array): Float32Array {
  return Float32Array.from(teaching, (label) => (label === 255 ? Number.NaN : 1));
}

function rangesOf({ confidence, losses, weights }: Inspection) {
  return {
    confidence: rangeOf(confidence),
    loss: rangeOf(losses),
    weight: weights === null ? null : rangeOf(weights),
  };
}

/** Least and greatest; [0, 0] where all are NaN. */
function rangeOf(values: Float32Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high < low ? [0, 0] : [low, high];
}

function rangeText([low, high]: readonly [number, number]): string {
  return `${numberText(low)} to ${numberText(high)}`.replaceAll('-', '−');
}
