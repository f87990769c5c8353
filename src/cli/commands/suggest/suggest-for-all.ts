/** Runs `coarsely suggest … --points N`: trains a quick run where a dataset is given, and writes a file of tasks. */

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseSetOptions } from '../../../config/internal.js';
import { ConfigError } from '../../../errors/index.js';
import { exitCodes } from '../../../errors/internal.js';
import { shellWord } from '../../../format/index.js';
import { createComponent } from '../../../registry/index.js';
import { keysOf } from '../../../registry/internal.js';
import { suggestionStrategies, suggestTasks } from '../../../suggest/index.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';
import { claimRunFolder } from '../../training/claim-run-folder.js';
import { fetchWeights } from '../../training/fetch-weights.js';
import { loadConfig } from '../../training/load-config.js';
import { trainSession } from '../../training/train-session.js';
import { findAuditedLabels } from '../audit/audited-labels.js';
import { taskText } from './task-text.js';

/** Holds the parsed options. */
export interface SuggestForAllOptions {
  readonly points: number;
  readonly isRun: boolean;
  readonly config: string;
  readonly data?: string;
  readonly split?: string;
  readonly labels?: string;
  readonly strategy: string;
  readonly set?: readonly string[];
  readonly where: 'uncovered' | 'all';
  readonly seed: number;
  readonly output?: string;
  readonly by?: string;
  readonly answers?: string;
  readonly json?: boolean;
}

/**
 * Writes the tasks and returns the exit code: 0, or `interrupted` after Ctrl-C during the training.
 *
 * @throws {ConfigError} when an option is not valid, or the file exists
 * @throws {DataError} when the dataset cannot be used
 */
export async function suggestForAll(place: string, options: SuggestForAllOptions): Promise<number> {
  const { isRun, config: _config, set = [], strategy: kind, json = false, ...given } = options;
  const { output = 'tasks.json' } = given;
  const changes = isRun ? { strategy: set, config: [] } : separate(set, kind);
  const strategy = { ...parseSetOptions(changes.strategy), kind };
  createComponent(suggestionStrategies, strategy, null);
  // Before a minute is spent on training.
  if (existsSync(output)) {
    throw new ConfigError(
      `${output}: exists already and is never overwritten; name another file with --output`,
    );
  }
  const run = isRun ? place : await trainQuickRun(place, { ...options, set: changes.config });
  if (run === null) return exitCodes.interrupted;
  const { labels, split } = isRun ? given : findAuditedLabels(place, given);
  const line = createProgressLine('looking at images');
  const summary = await suggestTasks(run, {
    ...given,
    ...{ output, strategy },
    ...(labels !== undefined && { labels }),
    ...(split !== undefined && { split }),
    onProgress: line.show,
    onNotice: printNotice,
  }).finally(line.close);
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...summary, run })}\n`
      : `${taskText(summary, { source: isRun ? `${run}/config.yaml` : options.config, labels, wanted: options.points })}\n`,
  );
  return 0;
}

/** Separates `--set` texts into options of the strategy and keys of a config. */
function separate(
  set: readonly string[],
  kind: string,
): { readonly strategy: readonly string[]; readonly config: readonly string[] } {
  const known = keysOf(suggestionStrategies.get(kind).options, []);
  const isOption = (text: string) => known.includes(text.split('=', 1)[0] as string);
  return { strategy: set.filter(isOption), config: set.filter((text) => !isOption(text)) };
}

/** Trains a quick run on the labels that a dataset has, and returns its folder; null when Ctrl-C ended it. */
async function trainQuickRun(
  dataset: string,
  { config: source, set = [], json = false, ...given }: SuggestForAllOptions,
): Promise<string | null> {
  const { labels, split, notices } = findAuditedLabels(dataset, { ...given, does: 'asks about' });
  for (const notice of notices) printNotice(notice);
  // Nothing is judged by the scores of this run, so that no other labels are needed; fewer images take less time.
  const hasHeldOut =
    split === 'train' && ['images', labels].every((one) => existsSync(join(dataset, one, 'val')));
  const parts = [
    ...[`data.train.split=${split}`, `data.train.labels=${labels}`],
    ...[`data.evaluation.split=${hasHeldOut ? 'val' : split}`, `data.evaluation.labels=${labels}`],
  ];
  const config = await loadConfig(source, {
    data: dataset,
    name: `suggest-${basename(resolve(dataset))}`,
    set: [...parts, ...set],
  });
  await fetchWeights([config]);
  const claimed = claimRunFolder(config, { exact: false });
  const { folder } = claimed;
  printNotice(
    `${dataset} is a dataset: a quick run is trained on its ${labels} labels first and kept in ${folder}; the next time, ` +
      `coarsely suggest ${shellWord(folder)} asks without training`,
  );
  try {
    const outcome = await trainSession(config, { runFolder: folder, resume: false, quiet: json });
    if (outcome === 'finished') return folder;
    process.stderr.write(`interrupted; nothing was asked; ${folder} can be removed\n`);
    return null;
  } catch (error) {
    claimed.abandon();
    throw error;
  }
}
