/**
 * Writes a run's folder. Every file but the metrics is replaced atomically, and a checkpoint becomes the last one only
 * when `state.json` names it, so a process that is killed at any moment leaves a folder that can be read and resumed.
 */

import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CheckpointError, ConfigError } from '../errors/index.js';
import {
  isSystemError,
  syncFile,
  syncFolder,
  systemErrorReason,
  temporarySuffix,
  writeAll,
  writeFileAtomically,
  writeTextAtomically,
} from '../files/index.js';
import { type Tensor, writeSafetensors } from '../torch/index.js';
import { formatMetricLine, type MetricRecord, type MetricSplit, readMetricLines } from './metrics.js';
import { type Profile, profileFile } from './profile.js';
import {
  checkNewRunFolder,
  checkpointFile,
  checkpointFolder,
  checkpointStep,
  configFile,
  createFolders,
  metricsFile,
  stateFile,
} from './run-folder.js';
import { formatRunChange, historyFile, type RunChange } from './run-history.js';
import { RunLock } from './run-lock.js';
import { readRun } from './run-reader.js';
import { formatRunSamples, type RunSamples, samplesFile } from './run-samples.js';
import { formatState, type RunState } from './run-state.js';
import { checkpointMetadata } from './trained-classes.js';

/** Holds what a checkpoint saves. */
export interface CheckpointContents {
  readonly step: number;
  /** Holds parameters, buffers, optimizer state and generators (as uint8), by name; on any device. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Holds everything else that a resume or a reader of the checkpoint needs. */
  readonly state: RunState['state'];
}

/** Appends metrics and checkpoints to a run's folder, which no other process can write to until `close`. */
export class RunWriter {
  readonly folder: string;
  readonly #keep: number;
  readonly #lock: RunLock;
  #metrics: number | null;

  private constructor(folder: string, { keep, lock }: { keep: number; lock: RunLock }) {
    this.folder = folder;
    this.#keep = keep;
    this.#lock = lock;
    this.#metrics = openSync(join(folder, metricsFile), 'a');
  }

  /**
   * Creates the folder of a new run with its missing parents and locks it. The newest `keep` checkpoints are kept.
   * @throws {ConfigError} when the folder exists already, cannot be written, or another process trains into it
   */
  static create(folder: string, { configYaml, keep = 2 }: { configYaml: string; keep?: number }): RunWriter {
    checkKeep(keep);
    checkNewRunFolder(folder);
    try {
      createFolders(resolve(folder, checkpointFolder));
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw new ConfigError(`${folder}: cannot be created (${systemErrorReason(cause)})`, { cause });
    }
    return RunWriter.#open(folder, {
      keep,
      // Checked again under the lock, as another process may have created the run since. The config is written last,
      // because a folder with a config is a run.
      prepare: () => {
        checkNewRunFolder(folder);
        writeFileAtomically(join(folder, metricsFile), []);
        writeTextAtomically(join(folder, configFile), configYaml);
      },
    });
  }

  /**
   * Opens a run to continue it from its last checkpoint, which must be the one of `step` (0 when the run has none yet).
   * Metrics of later steps are dropped, because those steps will be taken again.
   * @throws {CheckpointError} when the folder is not a run or its last checkpoint is of another step
   * @throws {ConfigError} when another process trains into the folder
   */
  static resume(folder: string, step: number, { keep = 2 }: { keep?: number } = {}): RunWriter {
    checkKeep(keep);
    readRun(folder);
    return RunWriter.#open(folder, {
      keep,
      prepare: () => {
        const { lastCheckpoint } = readRun(folder);
        const last = lastCheckpoint?.step ?? 0;
        if (last !== step) {
          throw new CheckpointError(
            `${folder}: cannot be resumed at step ${step}, its last checkpoint is of ${last}`,
          );
        }
        createFolders(resolve(folder, checkpointFolder));
        removeLeftovers(folder, step);
        const path = join(folder, metricsFile);
        // Without a checkpoint the run begins again, and writes the lines of step 0 again as well.
        const kept = readMetricLines(path).filter((line) => lastCheckpoint !== null && line.step <= step);
        writeTextAtomically(path, kept.map(formatMetricLine).join(''));
      },
    });
  }

  static #open(folder: string, { keep, prepare }: { keep: number; prepare: () => void }): RunWriter {
    const lock = new RunLock(folder);
    try {
      prepare();
      return new RunWriter(folder, { keep, lock });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * Appends one line of metrics. NaN and infinities become null.
   * @throws {CheckpointError} when the step is negative or the file cannot be written
   */
  append<Split extends MetricSplit>(record: MetricRecord<Split>): void {
    checkStep(record.step);
    const line = Buffer.from(formatMetricLine(record), 'utf8');
    this.#write(metricsFile, () => writeAll(this.#openMetrics(), line));
  }

  /**
   * Writes a checkpoint, makes it the last one, and removes older ones beyond `keep`. The metrics so far are flushed to
   * disk first, so that a resume finds every line up to its step. The host waits for the device here.
   * @returns the path of the checkpoint's tensors
   * @throws {CheckpointError} when a file cannot be written; the previous checkpoint is then still the last
   */
  writeCheckpoint({ step, tensors, state }: CheckpointContents): string {
    checkStep(step);
    this.#write(metricsFile, () => syncFile(this.#openMetrics(), join(this.folder, metricsFile)));
    const file = checkpointFile(step);
    const path = join(this.folder, file);
    writeSafetensors(path, tensors, { metadata: checkpointMetadata({ step, state }) });
    writeFileAtomically(join(this.folder, stateFile), [
      Buffer.from(formatState({ step, file, state }), 'utf8'),
    ]);
    this.#write(checkpointFolder, () => this.#prune(step));
    return path;
  }

  /** Writes the config in the place of the former one. */
  writeConfig(configYaml: string): void {
    writeTextAtomically(join(this.folder, configFile), configYaml);
  }

  /** Writes the samples that the run is trained on in the place of the former ones. */
  writeSamples(samples: RunSamples): void {
    writeTextAtomically(join(this.folder, samplesFile), formatRunSamples(samples));
  }

  /** Adds a change to the history of the run, which a reader of its scores has to know. */
  recordChange(change: Omit<RunChange, 'time'>): void {
    const path = join(this.folder, historyFile);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    writeTextAtomically(path, whole + formatRunChange({ ...change, time: new Date().toISOString() }));
  }

  /** Writes the profile of some steps in the place of an earlier one. */
  writeProfile(profile: Profile): void {
    const text = `${JSON.stringify(profile, undefined, 2)}\n`;
    this.#write(profileFile, () => writeTextAtomically(join(this.folder, profileFile), text));
  }

  /** Closes the metrics and unlocks the folder. The writer cannot be used afterwards; closing twice is harmless. */
  close(): void {
    if (this.#metrics === null) return;
    closeSync(this.#metrics);
    this.#metrics = null;
    this.#lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #openMetrics(): number {
    if (this.#metrics === null)
      throw new CheckpointError(`${this.folder}: the run was closed, nothing can be written`);
    return this.#metrics;
  }

  #write(name: string, action: () => void): void {
    try {
      action();
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw new CheckpointError(
        `${join(this.folder, name)}: cannot be written (${systemErrorReason(cause)})`,
        { cause },
      );
    }
  }

  #prune(step: number): void {
    const folder = join(this.folder, checkpointFolder);
    const steps = readdirSync(folder)
      .map(checkpointStep)
      .filter((other): other is number => other !== null && other <= step)
      .sort((a, b) => b - a);
    for (const old of steps.slice(this.#keep))
      rmSync(join(this.folder, checkpointFile(old)), { force: true });
  }
}

/** Removes temporary files of a killed writer, and checkpoints that never became the last one. */
function removeLeftovers(folder: string, step: number): void {
  const checkpoints = join(folder, checkpointFolder);
  for (const name of readdirSync(checkpoints)) {
    const isLater = (checkpointStep(name) ?? 0) > step;
    if (isLater || name.endsWith(temporarySuffix)) rmSync(join(checkpoints, name), { force: true });
  }
  for (const file of [configFile, metricsFile, samplesFile, stateFile]) {
    rmSync(join(folder, `${file}${temporarySuffix}`), { force: true });
  }
  syncFolder(checkpoints);
}

function checkStep(step: number): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new CheckpointError(`expected a step as an integer of at least 0, received ${step}`);
  }
}

function checkKeep(keep: number): void {
  if (!Number.isSafeInteger(keep) || keep < 1) {
    throw new ConfigError(`expected to keep at least 1 checkpoint, received ${keep}`);
  }
}
