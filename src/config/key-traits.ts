/** Says in the schema which keys change no result and which may differ between processes that train together. */

import { z } from 'zod';
import { shapeOf } from '../registry/internal.js';

export interface KeyTraits {
  /** Is false for a key that changes where or how fast a run is computed, and not what it computes. */
  readonly affectsResults?: false;
  /** Is true for a key in which processes that train together may differ. */
  readonly perProcess?: true;
}

/** Holds the traits of config keys; a key is marked by `.register(keyTraits, traits)` at the end of its schema. */
export const keyTraits = z.registry<KeyTraits>();

/** Returns the dotted paths of all keys of a schema whose traits include `trait`, such as `data.workers`. */
export function keysWith(trait: keyof KeyTraits, schema: z.core.$ZodType): string[] {
  return Object.entries(shapeOf(schema)).flatMap(([key, inner]) => [
    ...(keyTraits.get(inner)?.[trait] === undefined ? [] : [key]),
    ...keysWith(trait, inner).map((path) => `${key}.${path}`),
  ]);
}
