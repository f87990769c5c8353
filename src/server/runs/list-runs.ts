/** Describes runs for the list, from the ends of their files. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { storedConfig } from '../../config/internal.js';
import { CoarselyError } from '../../errors/index.js';
import { configFile, lastMetricLines, metricsFile, readState } from '../../runs/internal.js';
import { stateOf } from './run-cache.js';
import type { FoundRun } from './run-folders.js';
import { type RunStatus, runStatus } from './run-state.js';

/** Describes a run in the list. */
export interface ListedRun extends RunStatus {
  readonly name: string;
  /** Is the name in its config, which several runs may share. */
  readonly title: string;
  readonly step: number;
  /** Is the number of steps of its config; null where it sets none. */
  readonly iterations: number | null;
  /** Is the loss of the last logged step. */
  readonly loss: number | null;
  /** Is the mIoU of the last evaluation, as a fraction; null where none is near the end of its log. */
  readonly mIoU: number | null;
  /** Tells whether it trained a head on frozen features. */
  readonly quick: boolean;
  /** Tells when it last logged something, in milliseconds since 1970. */
  readonly changed: number;
  /** Says why the run cannot be read; null when it can. */
  readonly problem: string | null;
}

interface Described {
  readonly state: string;
  readonly run: Omit<ListedRun, keyof RunStatus>;
  readonly lastCheckpoint: ReturnType<typeof readState>;
}

/** Remembers descriptions of runs whose files have not changed. */
export class RunList {
  readonly #described = new Map<string, Described>();

  /** Returns the time at which a run last logged something, without reading its files. */
  static changed({ folder }: FoundRun): number {
    const of = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
    return of(metricsFile) ?? of(configFile) ?? 0;
  }

  /** Describes runs; one that is damaged is listed with its problem. */
  describe(runs: readonly FoundRun[]): ListedRun[] {
    return runs.map((found) => {
      const described = this.#descriptionOf(found);
      const { run, lastCheckpoint } = described;
      return { ...run, ...runStatus(found.folder, { lastCheckpoint, iterations: run.iterations }) };
    });
  }

  #descriptionOf(found: FoundRun): Described {
    const state = stateOf(found.folder);
    const before = this.#described.get(found.folder);
    if (before?.state === state) return before;
    const described = { state, ...describe(found) };
    this.#described.set(found.folder, described);
    return described;
  }
}

function describe(found: FoundRun): Omit<Described, 'state'> {
  const { name, folder } = found;
  const changed = RunList.changed(found);
  const nothing = { loss: null, mIoU: null, quick: false, iterations: null, step: 0 };
  try {
    const config = storedConfig({ folder, configYaml: readFileSync(join(folder, configFile), 'utf8') });
    const lines = lastMetricLines(folder);
    const lastCheckpoint = readState(folder);
    const last = (split: string, key: string) =>
      numberOf(lines.findLast((line) => line.split === split)?.values[key]);
    const { training, quick } = config as { readonly training?: unknown; readonly quick?: unknown };
    const run = {
      ...{ name, changed, problem: null },
      title: typeof config.name === 'string' ? config.name : name,
      step: lines.at(-1)?.step ?? lastCheckpoint?.step ?? 0,
      iterations: numberOf((training as { readonly iterations?: unknown } | undefined)?.iterations),
      loss: last('train', 'mainLoss'),
      mIoU: last('val', 'mIoU'),
      quick: typeof quick === 'object' && quick !== null,
    };
    return { run, lastCheckpoint };
  } catch (error) {
    if (!(error instanceof CoarselyError)) throw error;
    return { run: { ...nothing, name, title: name, changed, problem: error.message }, lastCheckpoint: null };
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
