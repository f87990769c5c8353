/** Runs `coarsely audit`: loads the config, shows how far the audit has come, and prints what it found. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { type AuditEvent, auditDataset, withErrorsDataset } from '../../../audit/index.js';
import type { Config } from '../../../config/index.js';
import { exitCodes } from '../../../errors/internal.js';
import { shellWord } from '../../../format/index.js';
import { usageError } from '../../options/parse-options.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';
import { fetchWeights } from '../../training/fetch-weights.js';
import { onStopRequest } from '../../training/interrupts.js';
import { loadConfig } from '../../training/load-config.js';
import { auditText } from './audit-text.js';
import { findAuditedLabels } from './audited-labels.js';
import {
  injectErrors,
  type JudgeOptions,
  judgeText,
  runJudgeSteps,
  usualExactLabels,
} from './judge-steps.js';

/** Holds the parsed options. */
export interface AuditCommandOptions extends JudgeOptions {
  readonly labels?: string;
  readonly split?: string;
  readonly folds: number;
  readonly seeds: number;
  readonly run?: string;
  readonly config: string;
  readonly set?: readonly string[];
  readonly regions: number;
  readonly output?: string;
  readonly json?: boolean;
}

/**
 * Runs the audit and returns the exit code: 0, or `interrupted` after Ctrl-C.
 *
 * @throws {ConfigError} when the config cannot be audited with, or the folder holds something else
 * @throws {DataError} when the dataset cannot be used
 */
export async function runAudit(
  dataset: string,
  options: AuditCommandOptions,
  command: Command,
): Promise<number> {
  const { folds, seeds, run, regions, output, json = false } = options;
  if (folds < 2)
    usageError(
      command,
      '--folds: expected at least 2, as an image is judged by heads that learned from others',
    );
  if (run !== undefined && (options.set !== undefined || options.config !== 'quick'))
    usageError(command, '--run judges by a network that is trained already; leave --config and --set out');
  const { config, truth } = await preparedOf(dataset, options, command);
  if (run === undefined) await fetchWeights([config]);
  const display = createAuditDisplay();
  let stopping = false;
  const endRequests = onStopRequest(['SIGINT', 'SIGTERM'], (count) => {
    if (count > 1) process.exit(exitCodes.interrupted);
    stopping = true;
    display.close();
    process.stderr.write('stopping after this step, which is kept (press Ctrl-C again to end at once)\n');
  });
  try {
    const result = await auditDataset(config, {
      ...{ folds, seeds, shown: regions, onEvent: display.show },
      ...(run !== undefined && { run }),
      ...(output !== undefined && { output }),
      shouldStop: () => stopping,
    });
    const steps =
      result === null
        ? null
        : await runJudgeSteps(config, result, {
            ...{ truth, options, onEvent: display.show },
            shouldStop: () => stopping,
          });
    display.close();
    if (result === null || steps === null) {
      process.stderr.write(
        `interrupted; run the same command again to continue:\n  ${commandOf(dataset, options)}\n`,
      );
      return exitCodes.interrupted;
    }
    const { audit, folder } = result;
    const { judged, review } = steps;
    const more = {
      ...(judged !== null && { judge: judged.rows }),
      ...(review !== null && { review }),
    };
    const text = [auditText(result, { dataset: audit.root }), ...judgeText(steps, result)].join('\n');
    process.stdout.write(json ? `${JSON.stringify({ ...audit, folder, ...more })}\n` : `${text}\n`);
    return 0;
  } finally {
    endRequests();
    display.close();
  }
}

/**
 * Returns the config of the audit and the exact labels that judge it: of the dataset as it is, or of one with errors that is
 * made first.
 */
async function preparedOf(
  dataset: string,
  options: AuditCommandOptions,
  command: Command,
): Promise<{ readonly config: Config; readonly truth: string | undefined }> {
  const { inject, injectSeed, labels = usualExactLabels, truth, answers, journal } = options;
  if (journal !== undefined && answers === undefined)
    usageError(command, '--journal holds the decisions of --answers, which is missing');
  if (inject === undefined) return { config: await configOf(dataset, options), truth };
  const exact = await configOf(dataset, { ...options, labels });
  const { made, line } = await injectErrors(exact, { ...inject, seed: injectSeed });
  printNotice(line);
  return { config: withErrorsDataset(exact, made), truth: truth ?? made.truth };
}

/** Returns the config whose training part is audited. Nothing is evaluated, so its other part is the same. */
function configOf(dataset: string, options: AuditCommandOptions): Promise<Config> {
  const { labels, split, notices } = findAuditedLabels(dataset, options);
  for (const notice of notices) printNotice(notice);
  const part = (name: string) => [`data.${name}.split=${split}`, `data.${name}.labels=${labels}`];
  const { run, config, set = [] } = options;
  const source = run === undefined ? config : join(run, 'config.yaml');
  return loadConfig(source, {
    data: dataset,
    set: [...part('train'), ...part('evaluation'), ...set],
    startsAnew: run === undefined,
  });
}

interface AuditDisplay {
  readonly show: (event: AuditEvent) => void;
  readonly close: () => void;
}

const activities: Readonly<Record<Exclude<AuditEvent['type'], 'notice'>, string>> = {
  features: 'features of images',
  head: 'training heads',
  sample: 'sampling images',
  image: 'looking at images',
  judge: 'judging by exact labels',
};

/** Shows progress as one line on a terminal. */
function createAuditDisplay(): AuditDisplay {
  let line: ReturnType<typeof createProgressLine> | null = null;
  let shown = '';
  const close = () => {
    line?.close();
    line = null;
  };
  const show = (event: AuditEvent) => {
    if (event.type === 'notice') {
      close();
      printNotice(event.message);
      return;
    }
    if (line === null || shown !== event.type) {
      close();
      shown = event.type;
      line = createProgressLine(activities[event.type]);
    }
    line.show(event);
  };
  return { show, close };
}

/** Returns the command that goes on with an audit. */
function commandOf(dataset: string, options: AuditCommandOptions): string {
  const { labels, split, folds, seeds, run, config, set = [], regions, output } = options;
  return [
    `coarsely audit ${shellWord(dataset)}`,
    ...(labels === undefined ? [] : [`--labels ${shellWord(labels)}`]),
    ...(split === undefined ? [] : [`--split ${shellWord(split)}`]),
    ...(folds === 5 ? [] : [`--folds ${folds}`]),
    ...(seeds === 1 ? [] : [`--seeds ${seeds}`]),
    ...(run === undefined ? [] : [`--run ${shellWord(run)}`]),
    ...(config === 'quick' ? [] : [`--config ${shellWord(config)}`]),
    ...set.map((change) => `--set ${shellWord(change)}`),
    ...(regions === 200 ? [] : [`--regions ${regions}`]),
    ...(output === undefined ? [] : [`--output ${shellWord(output)}`]),
    ...judgeWords(options),
  ].join(' ');
}

function judgeWords({
  truth,
  inject,
  injectSeed,
  answers,
  review,
  journal,
}: AuditCommandOptions): readonly string[] {
  return [
    ...(truth === undefined ? [] : [`--truth ${shellWord(truth)}`]),
    ...(inject === undefined ? [] : [`--inject ${inject.kind}=${inject.share}`]),
    ...(injectSeed === 0 ? [] : [`--inject-seed ${injectSeed}`]),
    ...(answers === undefined ? [] : [`--answers ${shellWord(answers)}`]),
    ...(review === 100 ? [] : [`--review ${review}`]),
    ...(journal === undefined ? [] : [`--journal ${shellWord(journal)}`]),
  ];
}
