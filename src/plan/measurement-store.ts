/**
 * Keeps the scores of a plan in its folder, each as soon as it is known, so that a plan that was stopped goes on where it
 * was, and another question to the same curves costs no training.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import { parseJson, writeTextAtomically } from '../files/index.js';
import { type CurveKind, curveKinds } from './learning-curve.js';

/** Names a score: a kind of curve, a count of its labels, and a seed. */
export interface MeasurementKey {
  readonly kind: CurveKind;
  readonly count: number;
  readonly seed: number;
}

const fileSchema = z.strictObject({
  version: z.literal(1),
  settings: z.record(z.string(), z.unknown()),
  /** Counts the points that an image has room for; null until the features were opened. */
  mostPoints: z.int().min(0).nullable(),
  scores: z.array(
    z.strictObject({
      kind: z.enum(curveKinds),
      count: z.int().min(0),
      seed: z.int().min(0),
      mIoU: z.number().min(0).max(1),
    }),
  ),
});

/** Names the file of scores in the folder of a plan. */
const measurementsFile = 'measurements.json';

/** Holds the scores of one folder. */
export class MeasurementStore {
  readonly #file: string | null;
  readonly #settings: Readonly<Record<string, unknown>>;
  #mostPoints: number | null = null;
  readonly #scores = new Map<string, MeasurementKey & { readonly mIoU: number }>();

  /**
   * @param folder the folder of the plan; null keeps the scores in memory alone
   * @param settings everything that a score depends on beside its key, as JSON
   * @throws {ConfigError} when the folder has scores of other settings or data, or the file is damaged
   */
  constructor(folder: string | null, settings: Readonly<Record<string, unknown>>) {
    this.#file = folder && join(folder, measurementsFile);
    this.#settings = settings;
    if (this.#file === null || !existsSync(this.#file)) return;
    const stored = readStored(this.#file);
    const differing = Object.keys({ ...stored.settings, ...settings }).filter(
      (key) => JSON.stringify(stored.settings[key]) !== JSON.stringify(settings[key]),
    );
    if (differing.length > 0) {
      const [first = ''] = differing;
      throw new ConfigError(
        `${this.#file}: its scores were measured with another ${differing.join(', ')} ` +
          `(${shortJson(stored.settings[first])}, now ${shortJson(settings[first])}); give another folder: --output DIR`,
      );
    }
    this.#mostPoints = stored.mostPoints;
    for (const score of stored.scores) this.#scores.set(keyText(score), score);
  }

  /** Counts the points that an image has room for; null until `setMostPoints`. */
  get mostPoints(): number | null {
    return this.#mostPoints;
  }

  /** @throws {FileError} when the file cannot be written */
  setMostPoints(count: number): void {
    this.#mostPoints = count;
    this.#save();
  }

  /** Returns a score, or undefined where it was not measured yet. */
  get(key: MeasurementKey): number | undefined {
    return this.#scores.get(keyText(key))?.mIoU;
  }

  /** @throws {FileError} when the file cannot be written */
  add({ kind, count, seed }: MeasurementKey, mIoU: number): void {
    this.#scores.set(keyText({ kind, count, seed }), { kind, count, seed, mIoU });
    this.#save();
  }

  #save(): void {
    if (this.#file === null) return;
    const content = {
      version: 1,
      settings: this.#settings,
      mostPoints: this.#mostPoints,
      scores: [...this.#scores.values()],
    };
    writeTextAtomically(this.#file, `${JSON.stringify(content, null, 1)}\n`, { createFolder: true });
  }
}

function readStored(file: string): z.output<typeof fileSchema> {
  try {
    return fileSchema.parse(parseJson(readFileSync(file)));
  } catch (cause) {
    throw new ConfigError(
      `${file}: is damaged: expected the scores of a plan; remove it to measure again, or give another folder: --output DIR`,
      { cause },
    );
  }
}

function keyText({ kind, count, seed }: MeasurementKey): string {
  return `${kind} ${count} ${seed}`;
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
