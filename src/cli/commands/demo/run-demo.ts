/** Runs the steps of `coarsely demo`; a step whose result exists is skipped. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import color from 'picocolors';
import { configToYaml } from '../../../config/index.js';
import { CoarselyError, ConfigError } from '../../../errors/index.js';
import { exitCodes } from '../../../errors/internal.js';
import { fetchImageNetWeights } from '../../../models/index.js';
import { sceneCounts } from '../../../recipes/internal.js';
import { writeReport } from '../../../report/index.js';
import { readRun } from '../../../runs/index.js';
import { writeScenes } from '../../../scenes/index.js';
import { resolvePrecision } from '../../../torch/internal.js';
import { loadConfig } from '../../training/load-config.js';
import { readStartedRun, resumeCommand } from '../../training/run-folders.js';
import { trainSession } from '../../training/train-session.js';
import { type DemoRun, demoBackbone, demoRuns } from './demo-runs.js';
import { demoCaveat, demoTable, type TrainedDemoRun } from './demo-table.js';

/** Holds the parsed options. */
export interface DemoOptions {
  /** Folder for everything the demo writes. */
  readonly out: string;
  /** Changes of the configs of full training, `KEY=VALUE`. */
  readonly set?: readonly string[];
  /** Changes of the configs of quick training, `KEY=VALUE`. */
  readonly setQuick?: readonly string[];
}

/**
 * Runs the demo and returns the exit code: 0, or `interrupted` after Ctrl-C.
 *
 * @throws {ConfigError} when a run in the folder was started with other settings
 */
export async function runDemo({ out, set = [], setQuick = [] }: DemoOptions): Promise<number> {
  const scenes = path.join(out, 'scenes');
  await ensureScenes(scenes);
  const pretrained = await hasWeights();
  const runs = demoRuns({ pretrained });
  const trained: TrainedDemoRun[] = [];
  for (const [index, run] of runs.entries()) {
    const training = run.mode === 'quick' ? 'quick training' : 'full training';
    heading(`${index + 1}/${runs.length}  ${training}, ${run.method}, ${run.labels} labels`);
    const folder = path.join(out, 'runs', run.name);
    const outcome = await ensureRun(run, { folder, scenes, set: run.mode === 'quick' ? setQuick : set });
    if (outcome === 'interrupted') {
      process.stdout.write(
        `interrupted; run the same command again to continue, or:\n  ${resumeCommand(folder)}\n`,
      );
      return exitCodes.interrupted;
    }
    trained.push({ run: readRun(folder), of: run });
  }
  heading('scores on the exact labels of the validation scenes (percent)');
  process.stdout.write(`${demoTable(trained)}\n\n${demoCaveat({ pretrained })}\n\n`);
  const report = path.join(out, 'report.html');
  await writeReport(
    trained.map(({ run }) => run.folder),
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

/** Tells whether ImageNet weights are here or could be fetched; if not, one line says what is left out. */
async function hasWeights(): Promise<boolean> {
  try {
    await fetchImageNetWeights(demoBackbone, { attempts: 1 });
    return true;
  } catch (error) {
    if (!(error instanceof CoarselyError)) throw error;
    process.stdout.write(
      `note: quick training and full training from ImageNet weights are left out, as they need the weights of ` +
        `${demoBackbone}: ${error.message}\n`,
    );
    return false;
  }
}

interface EnsureRunOptions {
  readonly folder: string;
  readonly scenes: string;
  readonly set: readonly string[];
}

/** Trains the run in this folder, or continues the training there. */
async function ensureRun(
  { recipe, name, changes }: DemoRun,
  { folder, scenes, set }: EnsureRunOptions,
): Promise<'finished' | 'interrupted'> {
  const config = await loadConfig(recipe, {
    set: [...changes, ...set],
    data: scenes,
    output: path.dirname(folder),
    name,
  });
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

function heading(text: string): void {
  process.stdout.write(`\n${color.bold(text)}\n`);
}
