/** Writes the record of an import, by which a person and a later program see where a dataset comes from. */

import { basename, relative, resolve } from 'node:path';
import type { DrawOrder } from './draw-annotations.js';
import type { ImportSettings } from './import-options.js';
import type { ImportSummary } from './import-summary.js';
import type { ImportSource } from './importer.js';
import type { ImagePlan } from './plan-images.js';

/** Describes the form of the record. */
const recordFormat = 1;
/** Names the record in a dataset. */
export const recordName = 'import.json';

/** Returns the text of the record: what was done with which settings, and where each image comes from, one a line. */
export function recordText(
  { source: path, output: _output, ...summary }: ImportSummary,
  {
    plan,
    settings,
    drawOrder,
    source,
  }: {
    readonly plan: ImagePlan;
    readonly settings: ImportSettings;
    /** Is the order in which annotations were drawn. */
    readonly drawOrder: DrawOrder;
    readonly source: ImportSource;
  },
): string {
  const { unlabeled, radius, grouping, seed } = settings;
  const record = {
    recordFormat,
    source: resolve(path),
    ...summary,
    settings: { unlabeled, drawOrder, radius, division: { ...plan.division, grouping, seed } },
  };
  const placeOf = (file: string) => {
    const inside = relative(source.root, file);
    return inside.startsWith('..') ? file : inside;
  };
  const files = plan.images.map((image) =>
    JSON.stringify({
      split: image.datasetSplit,
      name: image.name,
      image: image.embedded ? basename(image.fileName.replaceAll('\\', '/')) : placeOf(image.path),
      annotations: placeOf(image.source),
    }),
  );
  const head = JSON.stringify(record, null, 2).slice(0, -2);
  return `${head},\n  "files": [\n    ${files.join(',\n    ')}\n  ]\n}\n`;
}
