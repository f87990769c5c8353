/**
 * Trains a run on labels that earlier rounds of the same training filled. Rounds and labels lie beside the run in `RUN-rounds`:
 * they are ordinary runs and label files, so that they can be looked at, and an interrupted training goes on where it was.
 */

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config/index.js';
import { checkFill } from '../config/internal.js';
import { readRankEnvironment } from '../distributed/index.js';
import { ConfigError } from '../errors/index.js';
import { readText, writeTextAtomically } from '../files/index.js';
import { type TrainRunOptions, trainRun } from '../quick/index.js';
import { readRun } from '../runs/index.js';
import { roundsConfigFile, roundsFolder } from '../runs/internal.js';
import { fillLabels } from './fill-labels.js';

/** Is the time between two looks whether other processes have written their labels. */
const pollMilliseconds = 200;

/**
 * Trains a run to its end, or until `shouldStop` returns true, after the rounds that its `fill` section asks for. The same
 * call continues an interrupted one.
 * @throws {ConfigError} when the config cannot run as written, or the rounds in the folder are of another config
 * @throws {DataError} when the dataset cannot be read
 * @throws {CheckpointError} when a run cannot be written or resumed
 */
export async function trainFilled(
  config: Config,
  options: TrainRunOptions,
): Promise<'finished' | 'interrupted'> {
  const { fill, data, quick } = config;
  if (fill === null) return trainRun(config, options);
  checkFill(config);
  const folder = roundsFolder(options.runFolder);
  claimRounds(options.runFolder, config);
  let labels = data.train.labels;
  for (let round = 1; round <= fill.rounds; round++) {
    const stage = join(folder, `round-${round}`);
    const source = quick === null ? String(config.model.weights) : stage;
    if (quick !== null) {
      tell(options, `round ${round} of ${fill.rounds + 1}: training in ${stage}`);
      const outcome = await trainRound({ ...withLabels(config, labels), fill: null }, stage, options);
      if (outcome === 'interrupted') return outcome;
    }
    const output = join(folder, `labels-${round}`);
    tell(options, `round ${round} of ${fill.rounds + 1}: filling labels into ${output}`);
    if (!(await fillRound(config, { source, output, options }))) return 'interrupted';
    labels = relative(data.root, resolve(output));
  }
  // The run's own config says what it learns from, so that it can be resumed and trained again by itself.
  return trainRun({ ...withLabels(config, labels), fill: null }, options);
}

/** Trains a round, continues it, or leaves it as it is where it has ended. */
function trainRound(
  config: Config,
  stage: string,
  options: TrainRunOptions,
): Promise<'finished' | 'interrupted'> {
  const { environment = readRankEnvironment() } = options;
  const checkpoint = existsSync(join(stage, 'config.yaml')) ? readRun(stage).lastCheckpoint : null;
  if (checkpoint?.step === config.training.iterations) return Promise.resolve('finished');
  // A round that was killed before its first checkpoint begins anew; it holds nothing that a person made.
  if (checkpoint === null && (environment?.rank ?? 0) === 0) rmSync(stage, { recursive: true, force: true });
  return trainRun(config, { ...options, runFolder: stage, resume: checkpoint !== null });
}

/** Fills this process's part of the labels, and waits for those of the others; returns false where a stop was requested. */
async function fillRound(
  { data, fill }: Config,
  {
    source,
    output,
    options,
  }: { readonly source: string; readonly output: string; readonly options: TrainRunOptions },
): Promise<boolean> {
  const { environment = readRankEnvironment() } = options;
  const { rank, worldSize } = environment ?? { rank: 0, worldSize: 1 };
  const marks = Array.from(
    { length: worldSize },
    (_, other) => `${output}-rank-${other}-of-${worldSize}.done`,
  );
  const own = marks[rank] as string;
  if (!existsSync(own)) {
    const { threshold, strength, colorRange } = fill as NonNullable<Config['fill']>;
    const { finished } = await fillLabels(source, {
      data: data.root,
      split: data.train.split,
      labels: data.train.labels ?? undefined,
      points: data.points?.labels ?? null,
      output,
      threshold,
      meanField: { strength, colorRange },
      share: { rank, worldSize },
      onProgress: ({ done, total }) => {
        if (done % 50 === 0 && done < total) tell(options, `labels of ${done}/${total} images`);
      },
      onNotice: (message) => tell(options, message),
      ...(options.shouldStop && { shouldStop: options.shouldStop }),
    });
    if (!finished) return false;
    writeTextAtomically(own, '');
  }
  while (!marks.every((mark) => existsSync(mark))) {
    if (options.shouldStop?.()) return false;
    await setTimeout(pollMilliseconds);
  }
  return true;
}

function withLabels(config: Config, labels: Config['data']['train']['labels']): Config {
  const { data } = config;
  return { ...config, data: { ...data, train: { ...data.train, labels } } };
}

/** Marks the folder as that of a config's rounds, or checks that it is. */
function claimRounds(runFolder: string, config: Config): void {
  const folder = roundsFolder(runFolder);
  const file = roundsConfigFile(runFolder);
  const text = `${JSON.stringify(config, null, 1)}\n`;
  if (existsSync(file) && readText(file) !== text) {
    throw new ConfigError(
      `${folder}: holds rounds of another config; give this run another name (--name), or remove the folder`,
    );
  }
  mkdirSync(folder, { recursive: true });
  writeTextAtomically(file, text);
}

function tell({ onEvent }: TrainRunOptions, message: string): void {
  onEvent?.({ type: 'notice', message });
}
