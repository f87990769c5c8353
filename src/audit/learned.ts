/**
 * Keeps what an audit learned before it looked at images: the heads of the folds, and what a sample of pixels says about the
 * dataset. An audit that was interrupted goes on with them.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import { parseJson, writeTextAtomically } from '../files/index.js';
import type { StackableHead } from '../models/index.js';
import { readSafetensors, writeSafetensors } from '../torch/index.js';
import type { AuditKnowledge } from './knowledge.js';
import type { WeightCurve } from './weight-curve.js';

/** Holds what the rows of features, a sample of labeled pixels, say. */
export interface Learned {
  readonly knowledge: AuditKnowledge;
  readonly curve: WeightCurve;
  /** Holds [fold, class]: 1 where the heads of the fold learned the class from images of others, else 0. */
  readonly learnedBy: Float64Array;
}

const schema = z.strictObject({
  knowledge: z.object({ selfConfidence: z.array(z.number()) }),
  curve: z.array(z.number()).min(1),
  learnedBy: z.array(z.number()),
});

const learnedFile = 'learned.json';

/** @throws {FileError} when the file cannot be written */
export function writeLearned(folder: string, { knowledge, curve, learnedBy }: Learned): void {
  const content = {
    knowledge: { selfConfidence: Array.from(knowledge.selfConfidence) },
    curve: Array.from(curve),
    learnedBy: Array.from(learnedBy),
  };
  writeTextAtomically(join(folder, learnedFile), `${JSON.stringify(content)}\n`, { createFolder: true });
}

/**
 * Returns what was learned; null where the audit had not come so far.
 *
 * @throws {ConfigError} when the file is damaged
 */
export function readLearned(folder: string): Learned | null {
  const file = join(folder, learnedFile);
  if (!existsSync(file)) return null;
  try {
    const { knowledge, curve, learnedBy } = schema.parse(parseJson(readFileSync(file)));
    return {
      knowledge: { selfConfidence: Float64Array.from(knowledge.selfConfidence) },
      curve: Float64Array.from(curve),
      learnedBy: Float64Array.from(learnedBy),
    };
  } catch (cause) {
    throw damaged(file, cause);
  }
}

/** @throws {FileError} when the file cannot be written */
export function writeHead(
  folder: string,
  { name, head }: { readonly name: string; readonly head: StackableHead },
): void {
  writeSafetensors(headFile(folder, name), head.stateDict(), { createFolder: true });
}

/**
 * Copies a head that was kept into one of the same form, and tells whether there was one.
 *
 * @throws {ConfigError} when the file is damaged or of another head
 */
export function readHead(
  folder: string,
  { name, head }: { readonly name: string; readonly head: StackableHead },
): boolean {
  const file = headFile(folder, name);
  if (!existsSync(file)) return false;
  try {
    const { tensors } = readSafetensors(file);
    try {
      head.loadStateDict(tensors);
    } finally {
      for (const tensor of tensors.values()) tensor.dispose();
    }
  } catch (cause) {
    throw damaged(file, cause);
  }
  head.eval();
  return true;
}

function headFile(folder: string, name: string): string {
  return join(folder, `${name}.safetensors`);
}

function damaged(file: string, cause: unknown): ConfigError {
  return new ConfigError(
    `${file}: is damaged; remove the folder of the audit to begin again, or give another one: --output DIR`,
    { cause },
  );
}
