/** Everything that can be known to be wrong before the first run starts. */

import { checkConfig, checkExtraHeads } from '../config/index.js';
import { checkDataset } from '../data/index.js';
import { jobStatus } from './job-status.js';
import type { ExperimentPlan } from './plan.js';

/**
 * Rejects with a ConfigError or DataError for a config that cannot run, a dataset that cannot be used, or a run folder that
 * holds another config. Datasets that several runs share are looked at once.
 */
export async function checkPlan({ jobs }: ExperimentPlan): Promise<void> {
  for (const job of jobs) jobStatus(job);
  const checked = new Map<string, ReturnType<typeof checkDataset>>();
  for (const { config, runName } of jobs) {
    checkExtraHeads(config);
    await checkConfig(config, {
      label: runName,
      checkDataset: (section) => {
        const key = JSON.stringify(section);
        const check = checked.get(key) ?? checkDataset(section);
        checked.set(key, check);
        return check;
      },
    });
  }
}
