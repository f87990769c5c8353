/** Finds the format in which a dataset's test server accepts predictions. */

import { ConfigError } from '../../errors/index.js';
import { suggestion } from '../../errors/internal.js';
import type { DatasetClass } from '../classes.js';
import { listNames, matchClasses } from '../match-classes.js';
import type { PredictionFormat } from './dataset.js';
import { datasets } from './registry.js';

/**
 * Returns the prediction format of a kind of dataset for a network of these classes, which may be in another order.
 *
 * @throws {ConfigError} when the kind has no format, and when the classes are not those of the kind
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
  const match = matchClasses(format.classes, classes);
  if (match.relation === 'different') {
    const { left, missing } = match;
    const differences = [
      ...(left.length > 0 ? [`it lacks ${listNames(left)}`] : []),
      ...(missing.length > 0
        ? [`${listNames(missing)} ${missing.length > 1 ? 'are' : 'is'} unknown there`]
        : []),
    ];
    throw new ConfigError(
      `format '${kind}': expected a network of its ${format.classes.length} classes, this one has ${classes.length}: ` +
        `${differences.join('; ')}; leave --format out for plain class ids`,
    );
  }
  return {
    ...format,
    classes: match.sources.map((source) => format.classes[source as number] as DatasetClass),
    values: match.sources.map((source) => format.values[source as number] as number),
  };
}
