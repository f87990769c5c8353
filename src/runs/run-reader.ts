/** Reads a run's folder, whether finished or not, also while another process trains into it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors/index.js';
import { readText } from '../files/index.js';
import { type MetricLine, readMetricLines } from './metrics.js';
import { configFile, metricsFile } from './run-folder.js';
import { type RunState, readState } from './run-state.js';

/** Holds the contents of a run's folder. */
export interface Run {
  readonly folder: string;
  readonly configYaml: string;
  readonly metrics: MetricLine[];
  /** Gives the last checkpoint, with `file` as a path that includes the run's folder; null while there is none. */
  readonly lastCheckpoint: RunState | null;
}

/**
 * Reads a run's config, metrics and last checkpoint. A torn last line of the metrics is left out.
 *
 * @param options.metrics the lines of the metrics where they are known, which are not read then
 * @throws {CheckpointError} when the folder is not a run, a line of the metrics is damaged, or the checkpoint is missing
 */
export function readRun(folder: string, { metrics }: { readonly metrics?: MetricLine[] } = {}): Run {
  const configPath = join(folder, configFile);
  if (!existsSync(configPath)) {
    const found = existsSync(folder) ? `it has no ${configFile}` : 'it does not exist';
    throw new CheckpointError(
      `${folder}: is not a run's folder (${found}); expected a folder that coarsely train wrote`,
    );
  }
  const state = readState(folder);
  return {
    folder,
    configYaml: configText(configPath),
    metrics: metrics ?? readMetricLines(join(folder, metricsFile)),
    lastCheckpoint: state === null ? null : { ...state, file: join(folder, state.file) },
  };
}

function configText(path: string): string {
  try {
    return readText(path);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new CheckpointError(`${path}: is damaged: ${cause.message}`, { cause });
  }
}
