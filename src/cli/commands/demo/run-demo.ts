/** Runs the steps of `coarsely demo`; a step whose result exists is skipped. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import color from 'picocolors';
import { configToYaml } from '../../../config/index.js';
import { ConfigError } from '../../../errors/index.js';
import { exitCodes } from '../../../errors/internal.js';
import { formatPercent, formatTable } from '../../../format/index.js';
import { sceneCounts } from '../../../recipes/internal.js';
import { writeReport } from '../../../report/index.js';
import { type EvaluationValues, metricRecords, type Run, readRun } from '../../../runs/index.js';
import { writeScenes } from '../../../scenes/index.js';
import { resolvePrecision } from '../../../torch/internal.js';
import { loadConfig } from '../../training/load-config.js';
import { readStartedRun, resumeCommand } from '../../training/run-folders.js';
import { trainSession } from '../../training/train-session.js';

/** Holds the parsed options. */
export interface DemoOptions {
  /** Folder for everything the demo writes. */
  readonly out: string;
  /** Changes of both configs, `KEY=VALUE`. */
  readonly set?: readonly string[];
}

const experiments = [
  { recipe: 'scenes-cross-entropy', title: 'cross-entropy' },
  { recipe: 'scenes-arm', title: 'ARM' },
] as const;

const caveat = `Both were trained on the same coarse labels and scored on exact ones. With small scenes, one seed and a few hundred
steps from random weights this shows that everything works, not which method is better. A difference of a few
points either way is chance here; the paper's runs are a hundred times longer.`;

/**
 * Runs the demo and returns the exit code: 0, or `interrupted` after Ctrl-C.
 *
 * @throws {ConfigError} when a run in the folder was started with other settings
 */
export async function runDemo({ out, set = [] }: DemoOptions): Promise<number> {
  const scenes = path.join(out, 'scenes');
  await ensureScenes(scenes);
  const runs: Run[] = [];
  for (const [index, { recipe, title }] of experiments.entries()) {
    heading(`${index + 1}/${experiments.length}  ${title} on coarse labels`);
    const folder = path.join(out, 'runs', recipe);
    const outcome = await ensureRun(recipe, { folder, scenes, set });
    if (outcome === 'interrupted') {
      process.stdout.write(
        `interrupted; run the same command again to continue, or:\n  ${resumeCommand(folder)}\n`,
      );
      return exitCodes.interrupted;
    }
    runs.push(readRun(folder));
  }
  heading('comparison on the exact labels of the validation scenes (percent)');
  process.stdout.write(`${comparisonTable(runs)}\n\n${caveat}\n\n`);
  const report = path.join(out, 'report.html');
  await writeReport(
    runs.map((run) => run.folder),
    { outFile: report },
  );
  process.stdout.write(`report: ${path.resolve(report)}\n`);
  return 0;
}

async function ensureScenes(folder: string): Promise<void> {
  if (existsSync(path.join(folder, 'classes.json'))) return;
  process.stdout.write(`writing generated scenes to ${folder}\n`);
  await writeScenes(folder, sceneCounts);
}

interface EnsureRunOptions {
  readonly folder: string;
  readonly scenes: string;
  readonly set: readonly string[];
}

/** Trains the recipe in this folder, or continues the training there. */
async function ensureRun(
  recipe: string,
  { folder, scenes, set }: EnsureRunOptions,
): Promise<'finished' | 'interrupted'> {
  const config = await loadConfig(recipe, { set, data: scenes, output: path.dirname(folder), name: recipe });
  const resume = existsSync(path.join(folder, 'config.yaml'));
  if (resume) {
    const started = readStartedRun(folder);
    const same = { ...config, precision: resolvePrecision(config.precision, config.device) };
    if (configToYaml(started.config) !== configToYaml(same)) {
      throw new ConfigError(
        `demo: ${folder} holds a run with other settings; choose another folder with --out DIR, or remove it`,
      );
    }
    if (started.finished) {
      process.stdout.write(`already trained: ${folder}\n`);
      return 'finished';
    }
  }
  return trainSession(config, { runFolder: folder, resume });
}

/** Writes the last evaluation of every run: one row for each score, one column for each run. */
function comparisonTable(runs: readonly Run[]): string {
  const evaluations = runs.map((run) => lastEvaluation(run));
  const names = evaluations[0]?.perClass.map(({ name }) => name) ?? [];
  const row = (label: string, value: (evaluation: EvaluationValues) => number | null | undefined) => [
    label,
    ...evaluations.map((evaluation) => formatPercent(value(evaluation))),
  ];
  return formatTable([
    ['', ...experiments.map(({ title }) => title)],
    row('mIoU', ({ mIoU }) => mIoU),
    row('mAcc', ({ mAcc }) => mAcc),
    row('aAcc', ({ aAcc }) => aAcc),
    ...names.map((name, index) => row(`IoU ${name}`, ({ perClass }) => perClass[index]?.iou)),
  ]);
}

function lastEvaluation(run: Run): EvaluationValues {
  return metricRecords(run, 'val').at(-1)?.values ?? { mIoU: null, mAcc: null, aAcc: null, perClass: [] };
}

function heading(text: string): void {
  process.stdout.write(`\n${color.bold(text)}\n`);
}
