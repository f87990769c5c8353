/**
 * Decides whether a run can be continued, and says what is not as it was: another dataset, another length or a config that
 * was edited. Only an unchanged run continues exactly as if it had not stopped.
 */

import { type Config, configToYaml } from '../config/index.js';
import {
  configDifferences,
  isSection,
  type Section,
  storedConfig,
  withIterations,
} from '../config/internal.js';
import { listNames, matchClasses } from '../data/internal.js';
import { CheckpointError } from '../errors/index.js';
import { namedReweighters } from '../reweighting/internal.js';
import { type Run, type RunChange, readRun } from '../runs/index.js';
import {
  classesOfState,
  initialWeightsOf,
  type JsonValue,
  type RunState,
  readRunSamples,
} from '../runs/internal.js';
import { resolvePrecision } from '../torch/internal.js';
import { findDataChanges } from './data-changes.js';
import { type DataRecord, recordedData } from './data-record.js';
import { restateSchedule } from './restated-schedule.js';

/** Describes the checkpoint that a run continues from. */
export interface LastCheckpoint {
  readonly file: string;
  readonly step: number;
  /** Gives name and SHA-256 of the file of weights that the run started from; null where there was none. */
  readonly initialWeights: string | null;
}

/** Says from where a run continues, and how it differs from the interrupted one. */
export interface Continuation {
  readonly lastCheckpoint: LastCheckpoint | null;
  /** Lists what the user has to know before the run goes on. */
  readonly notices: readonly string[];
  /** Lists what goes into the history of the run. */
  readonly changes: readonly Omit<RunChange, 'time'>[];
  /** Is the text of a new config.yaml; null keeps the file. */
  readonly configYaml: string | null;
  /** Names the keys of the config that were edited; null where none was. */
  readonly edits: string | null;
}

/** Configures `continueRun`. */
export interface ContinueOptions {
  readonly runFolder: string;
  /** Describes the dataset as it is now. */
  readonly data: DataRecord;
  /** Goes on although the samples are not those of the checkpoint. */
  readonly allowChangedData: boolean;
}

/** Names the config in the state of a checkpoint. */
const stateKey = 'config';

/** Returns the part of a checkpoint's state that holds the config it was trained with. */
export function configState(config: Config): Record<string, JsonValue> {
  return { [stateKey]: JSON.parse(JSON.stringify(asTrained(config))) as JsonValue };
}

/** Returns a config as the run's folder keeps it, with the precision that `auto` stands for. */
function asTrained(config: Config): Config {
  return { ...config, precision: resolvePrecision(config.precision, config.device) };
}

/**
 * Returns how the run in a folder continues with this config.
 * @throws {CheckpointError} when the folder is not a run, has steps beyond the config's, or was trained on other data
 */
export function continueRun(config: Config, options: ContinueOptions): Continuation {
  const { runFolder } = options;
  const run = readRun(runFolder);
  const { iterations } = config.training;
  const taken = run.lastCheckpoint?.step ?? 0;
  if (taken > iterations) {
    throw new CheckpointError(
      `${runFolder}: its last checkpoint is of step ${taken}, beyond training.iterations = ${iterations}`,
    );
  }
  const length = lengthChange(config, { run, taken });
  const edits = configEdits(config, { run, taken });
  const data = dataChange(config, { ...options, run, taken });
  return {
    lastCheckpoint: run.lastCheckpoint && {
      file: run.lastCheckpoint.file,
      step: taken,
      initialWeights: initialWeightsOf(run.lastCheckpoint),
    },
    notices: [...length.notices, ...edits.notices, ...data.notices],
    changes: [...length.changes, ...edits.changes, ...data.changes],
    configYaml: length.configYaml,
    edits: edits.changes[0]?.text ?? null,
  };
}

type Difference = Pick<Continuation, 'notices' | 'changes'>;

interface RunPlace {
  readonly run: Run;
  readonly taken: number;
}

function lengthChange(
  config: Config,
  { run, taken }: RunPlace,
): Difference & Pick<Continuation, 'configYaml'> {
  const { iterations } = config.training;
  const stored = iterationsOf(storedConfig(run));
  const before = iterationsOf(run.lastCheckpoint?.state[stateKey]) ?? stored ?? iterations;
  const configYaml = stored === iterations ? null : withIterations(run.configYaml, iterations);
  if (before === iterations) return { notices: [], changes: [], configYaml };
  const text = `training.iterations was ${before} up to step ${taken} and is ${iterations} from there on`;
  return {
    notices: restateSchedule(config, { before, taken }),
    changes: [{ step: taken, kind: 'iterations', text }],
    configYaml,
  };
}

function iterationsOf(config: unknown): number | null {
  const training = isSection(config) ? config.training : null;
  const iterations = isSection(training) ? training.iterations : null;
  return typeof iterations === 'number' ? iterations : null;
}

/** Finds the keys that were edited since the last checkpoint. Those of the dataset's place are judged by its content. */
function configEdits(config: Config, { run, taken }: RunPlace): Difference {
  const before = run.lastCheckpoint?.state[stateKey];
  if (!isSection(before)) return { notices: [], changes: [] };
  const now = JSON.parse(JSON.stringify(asTrained(config))) as Section;
  const known = configDifferences(before, now).filter(
    // A key of a later version is absent before, and its default keeps results as they were.
    ({ key, found, wanted }) => found !== undefined && wanted !== undefined && !isOwnMatter(key, config),
  );
  if (known.length === 0) return { notices: [], changes: [] };
  const list = known.map(
    ({ key, found, wanted }) => `${key} ${JSON.stringify(found)} → ${JSON.stringify(wanted)}`,
  );
  const text = `config.yaml differs from what step ${taken} was trained with: ${list.join(', ')}`;
  return {
    notices: [`${text}; the run goes on with it, and is not the run that was interrupted`],
    changes: [{ step: taken, kind: 'config', text }],
  };
}

function isOwnMatter(key: string, { training }: Config): boolean {
  if (key === 'training.evaluateEvery') return training.evaluateEvery === training.iterations;
  return ['name', 'data.root', 'training.iterations'].includes(key);
}

function dataChange(
  { reweighter }: Config,
  { runFolder, data, allowChangedData, run, taken }: ContinueOptions & RunPlace,
): Difference {
  if (run.lastCheckpoint === null) return { notices: [], changes: [] };
  const parts = recordedData(run.lastCheckpoint.state);
  if (parts === null) {
    expectFormerClasses(run.lastCheckpoint.state, { runFolder, data });
    const notice =
      `${runFolder}: its checkpoint does not say which samples it was trained on, as it is of an earlier version or ` +
      'state.json was lost; the run continues exactly only if dataset and config are the same';
    return { notices: [notice], changes: [] };
  }
  const found = findDataChanges({ parts, samples: readRunSamples(runFolder) }, data);
  const { classes, samples, notices } = found;
  const all = [...samples, ...classes];
  if (all.length === 0) {
    return { notices, changes: notices.map((text) => ({ step: taken, kind: 'data', text })) };
  }
  const what = `the dataset has changed since step ${taken}: ${all.join('; ')}`;
  if (classes.length > 0) {
    const former = parts.train?.classes ?? [];
    throw new CheckpointError(
      `${runFolder}: cannot be resumed, ${what}\n` +
        `the network knows its classes by their place; list them as the run has them (${former.join(', ')}), with labels to ` +
        'match, or start a new run',
    );
  }
  if (!allowChangedData) {
    throw new CheckpointError(
      `${runFolder}: cannot be resumed exactly, ${what}\n` +
        'restore the dataset, or add --allow-changed-data to go on with the samples that are there now',
    );
  }
  const remembering = namedReweighters(reweighter).find(
    ({ component }) => component.remembersImages === true,
  );
  if (remembering !== undefined) {
    throw new CheckpointError(
      `${runFolder}: cannot go on with other samples, as ${remembering.key}.kind ${remembering.section.kind} remembers each by its place; ${what}\n` +
        'restore the dataset, or start a new run',
    );
  }
  return {
    notices: [...notices, `${what}; the run goes on, but not exactly as if it had not stopped`],
    changes: [...notices, what].map((text) => ({ step: taken, kind: 'data', text })),
  };
}

/** Checks the classes of a checkpoint that names no samples: an earlier version kept the list of classes alone. */
function expectFormerClasses(
  state: RunState['state'],
  { runFolder, data }: Pick<ContinueOptions, 'runFolder' | 'data'>,
): void {
  const former = classesOfState(state);
  const present = data.parts.train?.classes.map((name) => ({ name }));
  if (former === null || present === undefined) return;
  if (matchClasses(present, former).relation === 'same') return;
  const list = (classes: readonly { readonly name: string }[]) => listNames(classes.map(({ name }) => name));
  throw new CheckpointError(
    `${runFolder}: cannot be resumed, its classes are ${list(former)}, and those of the dataset ${list(present)}; list them ` +
      'as the run has them, or start a new run',
  );
}

/** Returns the text of config.yaml for a new run. */
export function newConfigYaml(config: Config): string {
  return configToYaml(asTrained(config));
}
