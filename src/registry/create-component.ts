/** Creates the component that a section of a config describes. */

import { ConfigError } from '../errors/index.js';
import type { Component } from './component.js';
import { rejectedOption } from './parse-options.js';
import type { Registry } from './registry.js';

/** Describes a component in a config: its kind, and the options of that kind. */
export interface ComponentSection {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/**
 * Creates the component that `section` names, with its options parsed (defaults filled in) by the component's own
 * schema.
 *
 * @throws {ConfigError} for an unknown kind, or options that the schema rejects
 */
export function createComponent<Context, Product>(
  registry: Registry<Component<unknown, Context, Product>>,
  section: ComponentSection,
  context: Context,
): Product {
  const { kind, ...given } = section;
  const component = registry.get(kind);
  const schema = component.options;
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(`${registry.what} '${kind}': ${rejectedOption(parsed.error, { schema, given })}`);
  }
  return component.create(parsed.data, context);
}
