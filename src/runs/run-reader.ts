/** Reads a run's folder, finished or not, also while another process trains into it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors/index.js';
import { type MetricLine, readMetricLines } from './metrics.js';
import { CONFIG_FILE, METRICS_FILE } from './run-folder.js';
import { type RunState, readState } from './run-state.js';

export interface Run {
  readonly folder: string;
  readonly configYaml: string;
  readonly metrics: MetricLine[];
  /** `file` is the checkpoint's path, the run's folder included. */
  readonly lastCheckpoint: RunState | null;
}

/**
 * A run's config, metrics (a torn last line is left out) and last checkpoint.
 * @throws CheckpointError: not a run's folder, damaged line n of the metrics, missing checkpoint file.
 */
export function readRun(folder: string): Run {
  const configPath = join(folder, CONFIG_FILE);
  if (!existsSync(configPath)) {
    const found = existsSync(folder) ? `it has no ${CONFIG_FILE}` : 'it does not exist';
    throw new CheckpointError(
      `${folder}: is not a run's folder (${found}); expected the folder a training wrote`,
    );
  }
  const state = readState(folder);
  return {
    folder,
    configYaml: readFileSync(configPath, 'utf8'),
    metrics: readMetricLines(join(folder, METRICS_FILE)),
    lastCheckpoint: state === null ? null : { ...state, file: join(folder, state.file) },
  };
}
