/**
 * The one writer of a run's folder. Every file but the metrics is replaced atomically, and a checkpoint becomes the
 * last one only when `state.json` names it; so a kill at any moment leaves a folder that can be read and resumed.
 */
import { closeSync, fsyncSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CheckpointError, ConfigError } from '../errors/index.js';
import {
  isSystemError,
  syncFolder,
  temporarySuffix,
  writeAll,
  writeFileAtomically,
  writeTextAtomically,
} from '../files/index.js';
import { type Tensor, writeSafetensors } from '../torch/index.js';
import { formatMetricLine, type MetricRecord, type MetricSplit, readMetricLines } from './metrics.js';
import { PROFILE_FILE, type Profile } from './profile.js';
import {
  CHECKPOINT_FOLDER,
  CONFIG_FILE,
  checkNewRunFolder,
  checkpointFile,
  checkpointStep,
  createFolders,
  METRICS_FILE,
  STATE_FILE,
} from './run-folder.js';
import { RunLock } from './run-lock.js';
import { readRun } from './run-reader.js';
import { formatState, type RunState } from './run-state.js';

export interface CheckpointContents {
  readonly step: number;
  /** Parameters, buffers, optimizer state, generators (uint8); any device. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What else a resume needs; JSON. */
  readonly state: RunState['state'];
}

export class RunWriter {
  readonly folder: string;
  readonly #keep: number;
  readonly #lock: RunLock;
  #metrics: number | null;

  private constructor(folder: string, { keep, lock }: { keep: number; lock: RunLock }) {
    this.folder = folder;
    this.#keep = keep;
    this.#lock = lock;
    this.#metrics = openSync(join(folder, METRICS_FILE), 'a');
  }

  /**
   * Makes a new run's folder, parents included, and takes its lock until `close`. Keeps the newest `keep` checkpoints.
   * @throws ConfigError when the folder exists already or cannot be written.
   */
  static create(folder: string, { configYaml, keep = 2 }: { configYaml: string; keep?: number }): RunWriter {
    checkKeep(keep);
    checkNewRunFolder(folder);
    try {
      createFolders(resolve(folder, CHECKPOINT_FOLDER));
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw new ConfigError(`${folder}: cannot be created (${cause.message}); choose another output folder`, {
        cause,
      });
    }
    return RunWriter.#open(folder, {
      keep,
      // Again under the lock: another process may have made the run since. The config comes last: it makes it a run.
      prepare: () => {
        checkNewRunFolder(folder);
        writeFileAtomically(join(folder, METRICS_FILE), []);
        writeTextAtomically(join(folder, CONFIG_FILE), configYaml);
      },
    });
  }

  /**
   * Continues a run from its last checkpoint, which must be the one of `step` (0: the run has none yet). Metrics of
   * later steps are dropped, since those steps will be taken again.
   * @throws CheckpointError when the folder is no run or its last checkpoint is another; ConfigError when in use.
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
        createFolders(resolve(folder, CHECKPOINT_FOLDER));
        removeLeftovers(folder, step);
        const path = join(folder, METRICS_FILE);
        // Without a checkpoint the run begins again, and will write the lines of step 0 again as well.
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
    this.#write(METRICS_FILE, () => writeAll(this.#openMetrics(), line));
  }

  /**
   * Writes a checkpoint and makes it the run's last; older ones beyond `keep` are then removed. The metrics so far
   * are made durable first, so that a resume finds every line up to its step. Waits for the device.
   * @returns the path of the checkpoint's tensors.
   * @throws CheckpointError when something cannot be written; the previous checkpoint is then still the last.
   */
  writeCheckpoint({ step, tensors, state }: CheckpointContents): string {
    checkStep(step);
    this.#write(METRICS_FILE, () => fsyncSync(this.#openMetrics()));
    const file = checkpointFile(step);
    const path = join(this.folder, file);
    writeSafetensors(path, tensors, { metadata: { step: String(step) } });
    writeFileAtomically(join(this.folder, STATE_FILE), [
      Buffer.from(formatState({ step, file, state }), 'utf8'),
    ]);
    this.#write(CHECKPOINT_FOLDER, () => this.#prune(step));
    return path;
  }

  /** Leaves the profile of some steps; an earlier one is replaced. */
  writeProfile(profile: Profile): void {
    const text = `${JSON.stringify(profile, undefined, 2)}\n`;
    this.#write(PROFILE_FILE, () => writeTextAtomically(join(this.folder, PROFILE_FILE), text));
  }

  /** Releases the folder. The writer cannot be used afterwards; closing twice is harmless. */
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
        `${join(this.folder, name)}: cannot be written (${cause.message}); check the folder's permissions and free space`,
        { cause },
      );
    }
  }

  #prune(step: number): void {
    const folder = join(this.folder, CHECKPOINT_FOLDER);
    const steps = readdirSync(folder)
      .map(checkpointStep)
      .filter((other): other is number => other !== null && other <= step)
      .sort((a, b) => b - a);
    for (const old of steps.slice(this.#keep))
      rmSync(join(this.folder, checkpointFile(old)), { force: true });
  }
}

/** Removes what a killed writer left: temporary files, and checkpoints that never became the last one. */
function removeLeftovers(folder: string, step: number): void {
  const checkpoints = join(folder, CHECKPOINT_FOLDER);
  for (const name of readdirSync(checkpoints)) {
    const isLater = (checkpointStep(name) ?? 0) > step;
    if (isLater || name.endsWith(temporarySuffix)) rmSync(join(checkpoints, name), { force: true });
  }
  for (const file of [CONFIG_FILE, METRICS_FILE, STATE_FILE]) {
    rmSync(join(folder, `${file}${temporarySuffix}`), { force: true });
  }
  syncFolder(checkpoints);
}

function checkStep(step: number): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new CheckpointError(`expected a step (an integer from 0), received ${step}`);
  }
}

function checkKeep(keep: number): void {
  if (!Number.isSafeInteger(keep) || keep < 1) {
    throw new ConfigError(`expected to keep at least 1 checkpoint, received ${keep}`);
  }
}
