/** Checks everything that can be checked before the first run of an experiment starts. */

import { type Config, checkConfig, datasetSection } from '../config/index.js';
import { checkExtraHeads, learnsFromClean, mixesClean } from '../config/internal.js';
import { checkDataset } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { jobStatus } from './job-status.js';
import type { ExperimentPlan } from './plan.js';
import { lacksPoints } from './simulated-points.js';

type Checker = typeof checkDataset;

/**
 * Checks the configs, datasets and run folders of a plan. Datasets that several runs share are checked once.
 *
 * @throws {ConfigError} when a config cannot run, or a run folder holds another config
 * @throws {DataError} when a dataset cannot be used
 */
export async function checkPlan({ queue }: ExperimentPlan): Promise<void> {
  for (const job of queue) jobStatus(job);
  const checkOnce = onceForEach();
  for (const job of queue) {
    const { runName } = job;
    // Points that are not made yet cannot be checked.
    const config = lacksPoints(job)
      ? { ...job.config, data: { ...job.config.data, points: null } }
      : job.config;
    checkExtraHeads(config);
    await checkConfig(config, { label: runName, checkDataset: checkOnce });
    await checkCleanCount(config, { runName, checkOnce });
  }
}

/** Returns a dataset checker that remembers the result of each dataset section. */
function onceForEach(): Checker {
  const checked = new Map<string, ReturnType<Checker>>();
  return (section) => {
    const key = JSON.stringify(section);
    const check = checked.get(key) ?? checkDataset(section);
    checked.set(key, check);
    return check;
  };
}

/** Refuses more clean images than the dataset has, which would otherwise end the run when it opens its data. */
async function checkCleanCount(
  config: Config,
  { runName, checkOnce }: { readonly runName: string; readonly checkOnce: Checker },
): Promise<void> {
  const count = config.data.clean?.count ?? null;
  if (count === null || !(learnsFromClean(config) || mixesClean(config))) return;
  const { length } = await checkOnce(datasetSection(config.data, 'clean'));
  if (count <= length) return;
  throw new ConfigError(
    `experiment: ${runName}: data.clean.count is ${count}, but ${config.data.clean?.split} has only ${length} images; ` +
      `take fewer with --set data.clean.count=${length}, or choose other runs with --rows`,
  );
}
