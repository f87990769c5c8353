/** Judges a finished audit by exact labels: reads its images again with the heads that it kept, and writes the scores. */

import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../config/index.js';
import { writeTextAtomically } from '../../files/index.js';
import { type AuditOptions, type AuditResult, openAuditPredictions } from '../audit-dataset.js';
import { examineImage } from '../examine-image.js';
import { Pace } from '../predictions.js';
import { errorsIn } from './errors-dataset.js';
import { openExactLabels } from './exact-labels.js';
import { Judge, type Judgment } from './judge.js';
import { type JudgedPlace, type JudgmentRow, judgmentMarkdown, judgmentRows } from './judgment-text.js';

/** Configures `judgeAudit`: the exact labels, and what the audit was called with. */
export interface JudgeAuditOptions
  extends Pick<AuditOptions, 'folds' | 'seeds' | 'run' | 'onEvent' | 'shouldStop'> {
  /** Names the exact labels, in the dataset of the audit. */
  readonly truth: string;
}

/** Holds how good an audit is, with the paths of the files that say so. */
export interface JudgedAudit {
  readonly judgment: Judgment;
  readonly place: JudgedPlace;
  readonly rows: readonly JudgmentRow[];
  /** Holds the rows as JSON. */
  readonly jsonFile: string;
  readonly markdownFile: string;
}

/**
 * Judges an audit, and writes `judge.json` and `judge.md` beside its other files. Images without exact labels are left out. The
 * result is null when `shouldStop` ended it.
 *
 * @param config the config of the audit
 * @throws {ConfigError} when the exact labels are the audited ones
 * @throws {DataError} when no image has exact labels, and naming the file when one cannot be read
 */
export async function judgeAudit(
  config: Config,
  { audit, folder }: Pick<AuditResult, 'audit' | 'folder'>,
  options: JudgeAuditOptions,
): Promise<JudgedAudit | null> {
  const { truth, onEvent = () => undefined, shouldStop = () => false } = options;
  const opened = await openAuditPredictions(config, { ...options, folder, onEvent, shouldStop });
  if (opened === null) return null;
  using predictions = opened.predictions;
  const { section } = opened;
  const { files, classes } = predictions;
  const exact = await openExactLabels(files, { section, labels: truth, classes });
  const judge = new Judge({ classCount: classes.length });
  const pace = new Pace(files.length);
  for (let index = 0; index < files.length; index++) {
    // Lets signals and other work come in between two images.
    await setImmediate();
    if (shouldStop()) return null;
    const audited = await predictions.read(index);
    const exactLabels = await exact.read(files.name(index), audited);
    if (exactLabels !== null) judge.add({ audited, index, ...examineImage(audited) }, exactLabels);
    onEvent({ type: 'judge', ...pace.after(index + 1) });
  }
  const { judgment } = judge;
  const { root, split, labels } = audit;
  const injected = errorsIn({ root, labels });
  const place = { data: basename(root), split, labels, truth, injected, seed: config.seed };
  const rows = judgmentRows(judgment, place);
  const [jsonFile, markdownFile] = [join(folder, 'judge.json'), join(folder, 'judge.md')];
  const { images, pixels, labelMIoU } = judgment;
  const content = { ...place, images, pixels, labelMIoU, rows };
  writeTextAtomically(jsonFile, `${JSON.stringify(content, null, 1)}\n`);
  writeTextAtomically(markdownFile, judgmentMarkdown(judgment, place));
  return { judgment, place, rows, jsonFile, markdownFile };
}
