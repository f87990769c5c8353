/** Identifies what the features of an image depend on beside the image: the network, its weights, and how it reads images. */

import { createHash } from 'node:crypto';
import type { Backbone } from '../models/index.js';
import { engine } from '../torch/index.js';
import type { FeatureReading } from './feature-network.js';

/** Must be raised whenever the same network and image would give other features, or files of another form. */
const format = 1;

/**
 * Returns 16 hexadecimal digits that differ between networks, weights, readings and engines.
 *
 * @param description says what else the features depend on, as plain data: the backbone's section of a config, the
 *   reading of image files
 */
export function networkFingerprint(
  backbone: Backbone,
  { reading, description }: { readonly reading: Required<FeatureReading>; readonly description: unknown },
): string {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([format, engine().key, { ...reading, device: reading.device.split(':')[0] }, description]),
  );
  for (const [path, module] of backbone.namedModules()) {
    hash.update(`\n${path} ${module.constructor.name} ${JSON.stringify(plainFields(module))}`);
  }
  for (const [name, tensor] of backbone.stateDict()) {
    hash.update(`\n${name} ${tensor.dtype} [${tensor.shape}]\n`);
    hash.update(tensor.toBytes());
  }
  return hash.digest('hex').slice(0, 16);
}

/** Returns the numbers, texts and truth values of a module, such as strides and the epsilon of a normalization. */
function plainFields(module: object): Record<string, unknown> {
  const { geometry } = module as { readonly geometry?: unknown };
  const entries = Object.entries({ ...module, geometry }).filter(
    ([name, value]) => name !== 'training' && isPlain(value),
  );
  return Object.fromEntries(entries);
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
