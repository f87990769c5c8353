/**
 * Records which samples and classes a run is trained and scored on. The checkpoint holds hashes and class names, and
 * `samples.json` the lists themselves; a resume compares both with the dataset as it is then.
 */

import { createHash } from 'node:crypto';
import type { SegmentationDataset } from '../data/index.js';
import { sampleStamps } from '../data/internal.js';
import type { JsonValue, RunSamples } from '../runs/internal.js';

/** Describes one part of a dataset as a checkpoint holds it. */
export interface DataPartRecord {
  readonly count: number;
  /** Gives the SHA-256 of the names of the samples in their order. */
  readonly samples: string;
  /** Gives the SHA-256 of the sizes and times of change of their files; null where they are unknown. */
  readonly files: string | null;
  /** Lists the names of the classes in their order. */
  readonly classes: readonly string[];
}

/** Describes all parts of a dataset, with the lists that the hashes stand for. */
export interface DataRecord {
  readonly parts: Readonly<Record<string, DataPartRecord>>;
  readonly samples: RunSamples;
}

/** Names the record in the state of a checkpoint. */
const stateKey = 'data';

/** Records open datasets by part: `train`, `evaluation` and, where clean labels are used, `clean`. */
export async function recordData(
  datasets: Readonly<Record<string, SegmentationDataset>>,
): Promise<DataRecord> {
  const parts: Record<string, DataPartRecord> = {};
  const samples: Record<string, RunSamples[string]> = {};
  for (const [part, dataset] of Object.entries(datasets)) {
    const names = Array.from({ length: dataset.length }, (_, index) => dataset.name(index));
    // A file that is gone is reported by the step that needs it.
    const files = await sampleStamps(dataset.files).catch(() => null);
    samples[part] = { names, files };
    parts[part] = {
      count: names.length,
      samples: hashOf(names),
      files: files && hashOf(files),
      classes: dataset.classes.map(({ name }) => name),
    };
  }
  return { parts, samples };
}

/** Returns the part of a checkpoint's state that says what it was trained on. */
export function dataState({ parts }: DataRecord): Record<string, JsonValue> {
  return { [stateKey]: JSON.parse(JSON.stringify(parts)) as JsonValue };
}

/** Returns what a checkpoint was trained on; null for one of an earlier version. */
export function recordedData(state: Readonly<Record<string, JsonValue>>): DataRecord['parts'] | null {
  const value = state[stateKey];
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as unknown as DataRecord['parts'])
    : null;
}

/** Tells whether lists are those that a record was made of. */
export function isListOf(record: DataPartRecord, names: readonly string[]): boolean {
  return record.samples === hashOf(names);
}

function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\n`);
  return hash.digest('hex');
}
