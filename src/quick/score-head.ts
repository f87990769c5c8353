/**
 * Scores a head on the rows of a table, each of which stands for pixels of its image. That estimates the scores of an
 * evaluation at a fraction of its time, on the same pixels for every head.
 */

import { ignoreIndex } from '../data/index.js';
import { type Metrics, metricsFrom } from '../evaluation/index.js';
import type { StackableHead } from '../models/index.js';
import { noGrad, type Tensor, tidy } from '../torch/index.js';
import type { FeatureTable } from './feature-table.js';

/** Configures `scoreHead`. */
export interface ScoreHeadOptions {
  readonly classCount: number;
}

/** Limits the rows that are classified at once. */
const rowsAtOnce = 16_384;

/**
 * Returns the metrics of a head over the labeled rows of a table. A row counts as the number of pixels that it stands for,
 * so that an image counts by its labeled pixels, however many of them are rows; the sums are rounded to whole pixels.
 *
 * @param head a head in evaluation mode, on the CPU or a GPU
 */
export function scoreHead(
  head: StackableHead,
  table: Pick<FeatureTable, 'batch' | 'labels' | 'multiplicities' | 'length'>,
  { classCount }: ScoreHeadOptions,
): Metrics {
  const { labels, multiplicities, length } = table;
  const pixels = new Float64Array(classCount ** 2);
  const device = head.parameters()[0]?.device ?? 'cpu';
  for (let first = 0; first < length; first += rowsAtOnce) {
    const rows = Uint32Array.from(
      { length: Math.min(rowsAtOnce, length - first) },
      (_, place) => first + place,
    );
    const predicted = tidy(() =>
      noGrad(() =>
        classesOf(head.forwardStacked(table.batch(rows).to({ device })).logitsNCHW).toTypedArray(),
      ),
    );
    for (const [place, row] of rows.entries()) {
      const label = labels[row] as number;
      if (label === ignoreIndex) continue;
      const cell = label * classCount + Number(predicted[place]);
      pixels[cell] = (pixels[cell] as number) + (multiplicities[row] as number);
    }
  }
  return metricsFrom(
    BigInt64Array.from(pixels, (count) => BigInt(Math.round(count))),
    classCount,
  );
}

/** Returns the class of each row: of the middle cell, where rows are patches. */
function classesOf(logitsNCHW: Tensor): Tensor {
  const [, , height = 1, width = 1] = logitsNCHW.shape;
  if (height === 1) return logitsNCHW.argmax(1).flatten();
  return logitsNCHW
    .narrow(2, (height - 1) / 2, 1)
    .narrow(3, (width - 1) / 2, 1)
    .argmax(1)
    .flatten();
}
