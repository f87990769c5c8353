/** Everything that can be known to be wrong before the first run starts. */

import { type Config, checkConfig, datasetSection } from '../config/index.js';
import { checkExtraHeads, learnsFromClean } from '../config/internal.js';
import { checkDataset } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { jobStatus } from './job-status.js';
import type { ExperimentPlan } from './plan.js';

type Checker = typeof checkDataset;

/**
 * Rejects with a ConfigError or DataError for a config that cannot run, a dataset that cannot be used, or a run folder that
 * holds another config. Datasets that several runs share are looked at once.
 */
export async function checkPlan({ queue }: ExperimentPlan): Promise<void> {
  for (const job of queue) jobStatus(job);
  const checkOnce = onceForEach();
  for (const { config, runName } of queue) {
    checkExtraHeads(config);
    await checkConfig(config, { label: runName, checkDataset: checkOnce });
    await checkCleanCount(config, { runName, checkOnce });
  }
}

function onceForEach(): Checker {
  const checked = new Map<string, ReturnType<Checker>>();
  return (section) => {
    const key = JSON.stringify(section);
    const check = checked.get(key) ?? checkDataset(section);
    checked.set(key, check);
    return check;
  };
}

/** More clean images than there are would otherwise end the run when it opens its data. */
async function checkCleanCount(
  config: Config,
  { runName, checkOnce }: { readonly runName: string; readonly checkOnce: Checker },
): Promise<void> {
  const count = config.data.clean?.count ?? null;
  if (count === null || !learnsFromClean(config)) return;
  const { length } = await checkOnce(datasetSection(config.data, 'clean'));
  if (count <= length) return;
  throw new ConfigError(
    `experiment: ${runName}: data.clean.count is ${count}, but ${config.data.clean?.split} has only ${length} images; ` +
      `take fewer with --set data.clean.count=${length}, or choose other runs with --rows`,
  );
}
