/** Runs the steps of `coarsely audit` that need exact labels: errors before the audit, and judging and decisions after it. */

import type { AuditResult, ErrorsDataset, JudgedAudit, SimulatedReview } from '../../../audit/index.js';
import { judgeAudit, makeErrorsDataset, reviewAudit } from '../../../audit/index.js';
import { formatJudgment } from '../../../audit/internal.js';
import type { LabelErrorKind } from '../../../coarsen/index.js';
import type { Config } from '../../../config/index.js';
import { counted, formatDuration, formatPercent, shellWord } from '../../../format/index.js';

/** Says which errors are put into exact labels. */
export interface InjectedErrors {
  readonly kind: LabelErrorKind;
  /** Is the share of the objects that get an error. */
  readonly share: number;
}

/** Holds the parsed options about exact labels. */
export interface JudgeOptions {
  readonly truth?: string;
  readonly inject?: InjectedErrors;
  readonly injectSeed: number;
  readonly answers?: string;
  readonly review: number;
  readonly journal?: string;
}

/** Names the labels that get errors by default. */
export const usualExactLabels = 'fine';

/** Makes the dataset with errors, and returns it with a line that says what was done. */
export async function injectErrors(
  config: Config,
  { kind, share, seed }: InjectedErrors & { readonly seed: number },
): Promise<{ readonly made: ErrorsDataset; readonly line: string }> {
  const made = await makeErrorsDataset(config, { kind, share, seed });
  const { root, labels, truth, errors, wrongPixels, labeledPixels } = made;
  const wrong = formatPercent(wrongPixels / labeledPixels, { decimals: 2, sign: true });
  const line =
    `${root}/${labels}: the ${truth} labels with ${counted(errors, 'error')} of the kind ${kind}; ` +
    `${wrong} of the labeled pixels of all splits are wrong`;
  return { made, line };
}

/** Holds what exact labels said about an audit. */
export interface JudgeSteps {
  readonly judged: JudgedAudit | null;
  readonly review: SimulatedReview | null;
}

/**
 * Judges a finished audit and decides about its regions, as far as the options ask for it; null when `shouldStop` ended it.
 *
 * @param options.truth the exact labels that judge; none when undefined
 */
export async function runJudgeSteps(
  config: Config,
  result: AuditResult,
  {
    truth,
    options: { folds, seeds, run, answers, review: count, journal },
    ...events
  }: {
    readonly truth: string | undefined;
    readonly options: JudgeOptions & {
      readonly folds: number;
      readonly seeds: number;
      readonly run?: string;
    };
  } & Pick<Parameters<typeof judgeAudit>[2], 'onEvent' | 'shouldStop'>,
): Promise<JudgeSteps | null> {
  const judged =
    truth === undefined
      ? null
      : await judgeAudit(config, result, {
          truth,
          folds,
          seeds,
          ...(run !== undefined && { run }),
          ...events,
        });
  if (truth !== undefined && judged === null) return null;
  const review =
    answers === undefined
      ? null
      : await reviewAudit(config, result, { answers, count, ...(journal !== undefined && { journal }) });
  return { judged, review };
}

/** Returns the lines about it; none where nothing was asked for. */
export function judgeText(
  { judged, review }: JudgeSteps,
  { audit }: Pick<AuditResult, 'audit'>,
): readonly string[] {
  const judgeLines =
    judged === null
      ? []
      : [
          '',
          formatJudgment(judged.judgment, judged.place),
          '',
          `wrote ${judged.markdownFile}, which says what the columns mean, and ${judged.jsonFile}`,
        ];
  if (review === null) return judgeLines;
  const { decisions, journal, seconds, skipped } = review;
  const total = Object.values(decisions).reduce((sum, count) => sum + count, 0);
  const parts = [
    `${decisions.accept} accepted`,
    `${decisions.keep} kept`,
    `${decisions.assign} given another class`,
    `${decisions.unlabel} unlabeled`,
  ];
  return [
    ...judgeLines,
    '',
    `wrote ${journal}: ${counted(total, 'decision')} by the exact labels (${parts.join(', ')}); a person takes about ${formatDuration(seconds)}`,
    ...(skipped > 0 ? [`${counted(skipped, 'region')} of images without exact labels left out`] : []),
    `next: coarsely apply ${shellWord(journal)} reviewed --data ${shellWord(audit.root)}`,
  ];
}
