/** Makes the panels of one example image for one run: the maps of the paper's Fig. 3 and Fig. 4. */

import type { ImageMaps } from '../analysis/index.js';
import { ignoreIndex, type Sample } from '../data/index.js';
import type { LoadedRun } from '../evaluation/index.js';
import { confidenceScale, paintLowConfidence, weightScale } from '../figures/internal.js';
import { formatNumber, formatPercent } from '../format/index.js';
import { labelsUri, mapUri, paintedUri } from './panel-images.js';
import type { Panel } from './report-run.js';

/** Losses from here on have one color, the same on every image. */
export const highestLoss = 5;

/** Returns prediction, confidence, unsure pixels and loss and, for a run with a reweighter, the weights. */
export async function runPanels(
  { prediction, confidence, losses, weights }: ImageMaps,
  { run, sample }: { readonly run: LoadedRun; readonly sample: Sample },
): Promise<Panel[]> {
  const { name, width, height, labels } = sample;
  const { classes, config } = run;
  const about = `${name}, ${config.name}:`;
  const size = { width, height };
  const unsureShare = confidence.filter((value) => value < 0).length / confidence.length;
  const unsure = formatPercent(unsureShare, { decimals: 0, sign: true });
  const meanLoss = meanText(losses);
  const right = labels === null ? null : agreementText(prediction, labels);
  const panels: Panel[] = [
    {
      title: 'Prediction',
      description: `${about} prediction${right === null ? '' : `, ${right} of the labeled pixels right`}`,
      source: await labelsUri(prediction, { ...size, classes }),
      note: right === null ? null : `${right} right`,
      kind: 'labels',
    },
    {
      title: 'Confidence',
      description: `${about} confidence of the prediction (${config.confidence.kind})`,
      source: await mapUri(confidence, { ...size, scale: confidenceScale, low: -1, high: 1 }),
      note: config.confidence.kind,
      kind: 'map',
    },
    {
      title: 'Unsure pixels',
      description: `${about} pixels of confidence below 0 painted green, ${unsure} of the image`,
      source: await paintedUri(paintLowConfidence(sample, { confidence, threshold: 0 }), size),
      note: unsure,
      kind: 'photo',
    },
    {
      title: 'Loss',
      description: `${about} loss of the labeled pixels, ${meanLoss} on average`,
      source: await mapUri(losses, { ...size, scale: weightScale, low: 0, high: highestLoss }),
      note: `mean ${meanLoss}`,
      kind: 'map',
    },
  ];
  if (weights !== null) {
    const [least, most] = extremeTexts(weights);
    panels.push({
      title: 'Weight',
      description: `${about} weight of the labeled pixels, from ${least} to ${most} times the mean`,
      source: await mapUri(weights, { ...size, scale: weightScale, low: 0, high: 2 }),
      note: `${least} to ${most}`,
      kind: 'map',
    });
  }
  return panels;
}

/** Writes the share of labeled pixels that are predicted right; null where no pixel is labeled. */
function agreementText(prediction: Uint8Array, labels: Uint8Array): string | null {
  let labeled = 0;
  let right = 0;
  for (const [pixel, label] of labels.entries()) {
    if (label === ignoreIndex) continue;
    labeled += 1;
    if (prediction[pixel] === label) right += 1;
  }
  return labeled === 0 ? null : formatPercent(right / labeled, { sign: true });
}

/** Writes the least and the greatest weight of the labeled pixels. */
function extremeTexts(weights: Float32Array): [string, string] {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const weight of weights) {
    if (Number.isNaN(weight)) continue;
    least = Math.min(least, weight);
    most = Math.max(most, weight);
  }
  if (most === 0) return ['0', '0'];
  return [formatNumber(least, { decimals: 2 }), formatNumber(most, { decimals: 2 })];
}

/** Writes the mean of the values that are not NaN. */
function meanText(values: Float32Array): string {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return 'none';
  return formatNumber(known.reduce((sum, value) => sum + value, 0) / known.length, { decimals: 2 });
}
