/** Decides about the first regions of a finished audit by exact labels. */

import { join } from 'node:path';
import type { Config } from '../../config/index.js';
import { openDataset } from '../../data/index.js';
import { type AuditResult, auditedSection } from '../audit-dataset.js';
import { jsonLines } from '../json-lines.js';
import type { SuspectRegion } from '../suspect-region.js';
import { openExactLabels } from './exact-labels.js';
import { type SimulatedReview, simulateReview } from './simulate-review.js';

/** Configures `reviewAudit`. */
export interface ReviewAuditOptions {
  /** Names the exact labels, in the dataset of the audit. */
  readonly answers: string;
  /** Counts the regions that are decided about; 100 by default. */
  readonly count?: number;
  /** Names the journal, which must not exist; `review.jsonl` in the folder of the audit by default. */
  readonly journal?: string;
}

/**
 * Writes a journal of decisions about the first regions of an audit, as a person would decide who sees the exact labels.
 *
 * @param config the config of the audit
 * @throws {ConfigError} when the journal exists, and when the exact labels are the audited ones
 * @throws {DataError} when no image has exact labels, and naming the file when one cannot be read
 * @throws {FileError} when the journal cannot be written
 */
export async function reviewAudit(
  config: Config,
  { audit, folder, regionsFile }: Pick<AuditResult, 'audit' | 'folder' | 'regionsFile'>,
  { answers, count = 100, journal = join(folder, 'review.jsonl') }: ReviewAuditOptions,
): Promise<SimulatedReview> {
  const section = auditedSection(config);
  const { classes } = audit;
  const exact = await openExactLabels(await openDataset(section), { section, labels: answers, classes });
  // With several splits, names begin with theirs.
  const isOne = !audit.split.includes('+');
  return simulateReview(jsonLines(regionsFile) as Iterable<SuspectRegion>, {
    ...{ journal, exact, count, classes: classes.map(({ name }) => name) },
    nameOf: ({ split, image }) => (isOne ? image : `${split}/${image}`),
  });
}
