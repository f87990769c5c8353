/** Draws Fig. 3: labels, class likelihoods, confidence, losses and weights of an image as maps. */

import type { ImageMaps, MeasuredImage } from '../analysis/index.js';
import { ignoreIndex } from '../data/index.js';
import { formatNumber } from '../format/index.js';
import { type Figure, type FigureFile, fileStem } from './figure.js';
import { confidenceScale, cssColor, weightScale } from './palette.js';
import { classPixels, drawingToPng, mapPixels, photoPixels, pngUri } from './raster.js';
import { drawTileSheet, type Tile } from './tile-sheet.js';

/** Makes the figure, one PNG for each image. */
export async function mapsFigure(measured: readonly MeasuredImage[]): Promise<Figure> {
  const severalRuns = new Set(measured.map(({ folder }) => folder)).size > 1;
  const files: FigureFile[] = [];
  for (const one of measured) {
    const run = severalRuns ? `${fileStem(one.label)}-` : '';
    const name = `figure-3-${run}${fileStem(one.image.sample.name)}.png`;
    files.push({ name, content: await drawMaps(one) });
  }
  const rows = measured.map((one) => ({ ...one, ranges: rangesOf(one.maps) }));
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

async function drawMaps(measured: MeasuredImage): Promise<Buffer> {
  const { label, step, classes, image, maps } = measured;
  const { sample, trainingLabels } = image;
  const { prediction, weights } = maps;
  const present = classes.filter((_, id) => prediction.includes(id) || trainingLabels.includes(id));
  const sameWeights = weights === null ? '; this run gives every pixel the same weight' : '';
  return drawingToPng(
    drawTileSheet({
      title: `${label}: ${sample.name}`,
      subtitle: `What one training step knows of an image, at step ${step}${sameWeights}`,
      columns: 3,
      aspect: sample.width / sample.height,
      tiles: await mapTiles(measured),
      legend: present.map(({ name, color }) => ({ label: name, color: cssColor(color), mark: 'box' })),
    }),
  );
}

async function mapTiles({ confidenceKind, classes, image, maps }: MeasuredImage): Promise<Tile[]> {
  const { sample, trainingLabels } = image;
  const { prediction, likelihood, confidence, losses } = maps;
  const size = { width: sample.width, height: sample.height };
  const weights = maps.weights ?? uniformWeights(trainingLabels);
  const highestLoss = Math.max(1, Math.ceil(rangesOf(maps).loss[1]));
  const colors = {
    confidence: { scale: confidenceScale, low: -1, high: 1 },
    loss: { scale: weightScale, low: 0, high: highestLoss },
    weight: { scale: weightScale, low: 0, high: 2 },
  };
  return [
    { title: 'Image', source: await pngUri(photoPixels(sample), size), key: null },
    {
      title: 'Label',
      source: await pngUri(classPixels(trainingLabels, { classes }), { ...size, smooth: false }),
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
      source: await pngUri(mapPixels(confidence, colors.confidence), size),
      key: { scale: confidenceScale, ends: ['−1', '+1'] },
    },
    {
      title: 'Loss',
      source: await pngUri(mapPixels(losses, colors.loss), size),
      key: { scale: weightScale, ends: ['0', String(highestLoss)] },
    },
    {
      title: 'Weight, mean 1',
      source: await pngUri(mapPixels(weights, colors.weight), size),
      key: { scale: weightScale, ends: ['0', '≥ 2'] },
    },
  ];
}

/** Returns the weights of a run without a reweighter. */
function uniformWeights(trainingLabels: Uint8Array): Float32Array {
  return Float32Array.from(trainingLabels, (label) => (label === ignoreIndex ? Number.NaN : 1));
}

type Range = [low: number, high: number];

function rangesOf({ confidence, losses, weights }: ImageMaps) {
  return {
    confidence: rangeOf(confidence),
    loss: rangeOf(losses),
    weight: weights === null ? null : rangeOf(weights),
  };
}

/** Returns the least and the greatest value; [0, 0] where all are NaN. */
function rangeOf(values: Float32Array): Range {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high < low ? [0, 0] : [low, high];
}

function rangeText([low, high]: Range): string {
  return `${formatNumber(low, { digits: 3 })} to ${formatNumber(high, { digits: 3 })}`;
}
