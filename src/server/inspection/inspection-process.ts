/** Checks a dataset as `coarsely check` does, in a process of its own. */

import { type DatasetInspection, inspectDataset } from '../../inspect/index.js';
import { serveCalls } from '../processes/serve-calls.js';

/** Asks for a check. */
export interface InspectionRequest {
  readonly root: string;
  /** Holds keys of the section `data` of a config that say how files are read. */
  readonly reading: Readonly<Record<string, unknown>>;
  /** Limits the samples decoded in each split; null decodes all. */
  readonly sample: number | null;
}

serveCalls<InspectionRequest, DatasetInspection>(({ root, reading, sample }, tell) =>
  inspectDataset(root, { options: reading, sample, onProgress: tell }),
);
