/** Reads the config in the `meta` of an mmsegmentation checkpoint: a Python text under `config` (0.x) or `cfg` (1.x). */

import { CheckpointError } from '../../../errors/index.js';
import type { CheckpointMeta } from '../published-meta.js';
import { ConfigSection } from './config-section.js';
import { type ModelConfig, readModelConfig } from './model-config.js';
import { type PythonValue, readPythonAssignments } from './python-values.js';
import { readTestPipeline, type TestPipeline } from './test-pipeline.js';

/** Holds what a checkpoint's config says of the network and its images. */
export interface PublishedConfig extends TestPipeline {
  readonly model: ModelConfig;
}

/**
 * Returns what the config says, or null when the checkpoint has none.
 *
 * @throws {CheckpointError} when it is not of plain values, or has a key or value that is not supported
 */
export function readPublishedConfig(meta: CheckpointMeta, path: string): PublishedConfig | null {
  const values = configValues(meta, path);
  if (values === null) return null;
  const config = new ConfigSection(values, { name: '', path });
  const model = config.section('model');
  return model === null ? null : { model: readModelConfig(model), ...readTestPipeline(config) };
}

function configValues(meta: CheckpointMeta, path: string): ReadonlyMap<string, PythonValue> | null {
  const config = meta.get('config') ?? meta.get('cfg');
  if (config instanceof Map) return asDict(config, path);
  if (typeof config !== 'string' || config.trim() === '') return null;
  try {
    return readPythonAssignments(config);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CheckpointError(
      `${path}: its config is not made of plain values (${error.message}); ` +
        'give the options of the network instead, with --ignore-config',
      { cause: error },
    );
  }
}

/** Converts a pickled dict; values of other types become text, which no key accepts. */
function asDict(dict: ReadonlyMap<unknown, unknown>, path: string): ReadonlyMap<string, PythonValue> {
  const converted = (value: unknown, depth: number): PythonValue => {
    if (depth > 64) throw new CheckpointError(`${path}: its config is nested too deeply`);
    if (value instanceof Map) {
      return new Map([...value].map(([key, one]) => [String(key), converted(one, depth + 1)] as const));
    }
    if (Array.isArray(value)) return value.map((one) => converted(one, depth + 1));
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as PythonValue;
    return String(value);
  };
  return converted(dict, 0) as ReadonlyMap<string, PythonValue>;
}
