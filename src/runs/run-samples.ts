/**
 * Reads and writes `samples.json`: the samples that a run was trained on, so that a resume can name those that are gone,
 * new or changed. The checkpoint holds only hashes of these lists, which may be long.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../files/index.js';

export const samplesFile = 'samples.json';

const format = 1;

const samplePart = z.object({
  /** Lists the names of the samples in their order. */
  names: z.array(z.string()),
  /** Holds for each sample sizes in bytes and times of change of its image and its labels; null where they are unknown. */
  files: z.array(z.string()).nullable(),
});

const content = z.object({ format: z.literal(format), parts: z.record(z.string(), samplePart) });

/** Holds the samples of one part of a dataset. */
export type SamplePart = Readonly<z.output<typeof samplePart>>;
/** Holds the samples of a run by part: `train`, `evaluation` and, where they are used, `clean`. */
export type RunSamples = Readonly<Record<string, SamplePart>>;

/** Returns the samples of a run; null where the file is missing or damaged, as a resume can do without it. */
export function readRunSamples(folder: string): RunSamples | null {
  const path = join(folder, samplesFile);
  if (!existsSync(path)) return null;
  try {
    return content.parse(parseJson(readFileSync(path))).parts;
  } catch {
    return null;
  }
}

export function formatRunSamples(parts: RunSamples): string {
  return `${JSON.stringify({ format, parts })}\n`;
}
