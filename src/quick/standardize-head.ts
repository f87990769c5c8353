/**
 * Measures mean and standard deviation of stored features, by which a head standardizes them. Features of different stages
 * differ by orders of magnitude, and one learning rate fits all of them only once they are alike.
 */

import type { StackableHead } from '../models/index.js';
import { scope, stack, type Tensor, tidy } from '../torch/index.js';
import type { FeatureRows } from './feature-rows.js';
import { RowSampler } from './row-sampler.js';

/** Rows of one batch of the measurement, and the number of batches. */
const batchRows = 8192;
const batchCount = 8;
/** Separates these draws from those of the training. */
const stream = 2;

/** Sets mean and standard deviation of a head to those of rows that are drawn from the table. */
export function standardizeHead(
  head: Pick<StackableHead, 'standardize'>,
  table: FeatureRows,
  { seed }: { readonly seed: number },
): void {
  using _statistics = scope();
  const sampler = new RowSampler(table, { seed, stream, count: Math.min(batchRows, table.length) });
  let count = 0;
  const sums = Array.from({ length: batchCount }, (_, batch) =>
    tidy(() => {
      const features = table.batch(sampler.draw(batch)).to({ dtype: 'float64' });
      count += features.numel / table.channels;
      return stack([features.sum([0, 2, 3]), features.square().sum([0, 2, 3])], 0);
    }),
  );
  const total = stack(sums, 0).sum(0);
  const [mean, squared] = [0, 1].map((row) => total.select(0, row).div(count)) as [Tensor, Tensor];
  const variance = squared.sub(mean.square()).clamp({ min: 0 });
  head.standardize({ mean, deviation: variance.sqrt() });
}
