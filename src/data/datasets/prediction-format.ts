/** Finds the format in which a dataset's test server accepts predictions. */

import { ConfigError } from '../../errors/index.js';
import { suggestion } from '../../errors/internal.js';
import type { DatasetClass } from '../classes.js';
import type { PredictionFormat } from './dataset.js';
import { datasets } from './registry.js';

/**
 * Returns the prediction format of a kind of dataset for a network of these classes.
 *
 * @throws {ConfigError} when the kind has no format, and when the classes are not those of the kind in its order
 */
export function predictionFormat(
  kind: string,
  { classes }: { readonly classes: readonly Pick<DatasetClass, 'name'>[] },
): PredictionFormat {
  const kinds = datasets.kinds().filter((one) => datasets.get(one).predictionFormat !== undefined);
  const format = kinds.includes(kind) ? datasets.get(kind).predictionFormat : undefined;
  if (format === undefined) {
    throw new ConfigError(
      `no prediction format '${kind}'${suggestion(kind, kinds)} (known: ${kinds.join(', ')})`,
    );
  }
  const expected = format.classes;
  if (classes.length !== expected.length) {
    throw new ConfigError(
      `format '${kind}': expected a network of its ${expected.length} classes, this one has ${classes.length}; leave --format out for plain class ids`,
    );
  }
  const other = expected.findIndex(({ name }, index) => name !== classes[index]?.name);
  if (other >= 0) {
    throw new ConfigError(
      `format '${kind}': expected class ${other} to be '${expected[other]?.name}', this network's is '${classes[other]?.name}'; leave --format out for plain class ids`,
    );
  }
  return format;
}
