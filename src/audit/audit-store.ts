/**
 * Keeps what an audit found in each image, a line each as soon as it is known, so that an audit that was stopped goes on
 * where it was, and a finished one costs nothing to show again.
 */

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, DataError } from '../errors/index.js';
import { ownerName, ProcessLock, parseJson, writeTextAtomically } from '../files/index.js';
import { healLines, jsonLines } from './json-lines.js';
import type { SuspectRegion } from './suspect-region.js';

/** Holds what an audit found in an image. */
export interface ImageRecord {
  readonly split: string;
  readonly image: string;
  /** Counts the pixels with a label. */
  readonly labeled: number;
  /** Counts those that could not be judged. */
  readonly unjudged: number;
  readonly regions: readonly SuspectRegion[];
}

/** Names the folder of what an audit keeps for itself. */
const stateFolder = 'state';
const settingsFile = 'settings.json';
const imagesFile = 'images.jsonl';
const assumptionsFile = 'assumptions.json';

/** Returns the folder of what an audit keeps for itself. */
export function stateOf(folder: string): string {
  return join(folder, stateFolder);
}

type Settings = Readonly<Record<string, unknown>>;

/** Holds the records of one audit, and its folder, for as long as it is open. */
export class AuditStore implements Disposable {
  readonly folder: string;
  /** Is the folder of what the audit keeps for itself. */
  readonly state: string;
  readonly #lock: ProcessLock;
  #done: number;

  private constructor(folder: string, lock: ProcessLock) {
    this.folder = folder;
    this.state = stateOf(folder);
    this.#lock = lock;
    this.#done = healLines(join(this.state, imagesFile));
  }

  /**
   * Opens the folder of an audit, which may be new.
   *
   * @param settings everything that the records depend on, as JSON
   * @throws {ConfigError} when the folder holds other files, or an audit with other settings, or another process uses it
   */
  static open(folder: string, settings: Settings): AuditStore {
    const problem = problemOf(folder, settings);
    if (problem !== null) throw new ConfigError(problem);
    const state = stateOf(folder);
    mkdirSync(state, { recursive: true });
    const lock = ProcessLock.take(join(state, 'lock'));
    if (!(lock instanceof ProcessLock)) {
      throw new ConfigError(
        `${folder}: ${ownerName(lock)} is auditing into this folder; give another: --output DIR`,
      );
    }
    writeTextAtomically(join(state, settingsFile), settingsText(settings));
    return new AuditStore(folder, lock);
  }

  /** Opens `base`, or `base-2`, `base-3`, … where those hold something else. */
  static openNext(base: string, settings: Settings): AuditStore {
    for (let number = 1; ; number++) {
      const folder = number === 1 ? base : `${base}-${number}`;
      if (problemOf(folder, settings) === null) return AuditStore.open(folder, settings);
    }
  }

  /** Counts the images whose records are there. */
  get done(): number {
    return this.#done;
  }

  /** Adds the record of the next image. */
  add(record: ImageRecord): void {
    appendFileSync(join(this.state, imagesFile), `${JSON.stringify(record)}\n`);
    this.#done++;
  }

  /**
   * Reads the records in the order of the images.
   *
   * @throws {DataError} naming the file and the line when one was changed
   */
  *records(): Generator<ImageRecord> {
    const file = join(this.state, imagesFile);
    if (!existsSync(file)) return;
    let line = 0;
    for (const value of jsonLines(file)) {
      line++;
      const parsed = recordSchema.safeParse(value);
      if (!parsed.success)
        throw new DataError(
          `${file}, line ${line}: is not what an audit wrote; remove ${this.folder} and audit again`,
        );
      yield value as ImageRecord;
    }
  }

  /** Lists what was assumed when the images were looked at. */
  get assumptions(): readonly string[] {
    const file = join(this.state, assumptionsFile);
    return existsSync(file) ? z.array(z.string()).parse(parseJson(readFileSync(file))) : [];
  }

  keepAssumptions(assumptions: readonly string[]): void {
    writeTextAtomically(join(this.state, assumptionsFile), `${JSON.stringify(assumptions)}\n`);
  }

  [Symbol.dispose](): void {
    this.#lock.release();
  }
}

const count = z.int().min(0);
/** Checks the parts of a record that are added up; regions are written as they are. */
const recordSchema = z.object({
  split: z.string(),
  image: z.string(),
  labeled: count,
  unjudged: count,
  regions: z.array(
    z.object({
      id: z.string(),
      given: z.string(),
      suggested: z.string(),
      pixels: count,
      expectedWrong: z.number(),
    }),
  ),
});

/** Says why a folder cannot hold an audit with these settings; null where it can. */
function problemOf(folder: string, settings: Settings): string | null {
  if (!existsSync(folder)) return null;
  const file = join(folder, stateFolder, settingsFile);
  if (existsSync(file)) {
    const differing = differingKeys(file, settings);
    if (differing.length === 0) return null;
    return (
      `${folder}: holds an audit with another ${differing.join(', ')}, and nothing is overwritten; ` +
      'give another folder: --output DIR'
    );
  }
  const files = readdirSync(folder).filter((name) => name !== stateFolder);
  return files.length === 0
    ? null
    : `${folder}: holds files that no audit wrote, and nothing is overwritten; give another folder: --output DIR`;
}

function differingKeys(file: string, settings: Settings): string[] {
  if (readFileSync(file, 'utf8') === settingsText(settings)) return [];
  try {
    const stored = z.record(z.string(), z.unknown()).parse(parseJson(readFileSync(file)));
    return Object.keys({ ...stored, ...settings }).filter(
      (key) => JSON.stringify(stored[key]) !== JSON.stringify(settings[key]),
    );
  } catch {
    return ['settings file, which is damaged'];
  }
}

function settingsText(settings: Settings): string {
  return `${JSON.stringify(settings, null, 1)}\n`;
}
