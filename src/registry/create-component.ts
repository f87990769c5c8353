/** From a section of a config to the thing it describes. */

import { ConfigError } from '../errors/index.js';
import type { Component } from './component.js';
import type { Registry } from './registry.js';

/** A section of a config that names a component: its kind, and the options of that kind. */
export interface ComponentSection {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/**
 * Creates the component that `section` names, with its options parsed (defaults filled in) by the component's own
 * schema. Throws a ConfigError for an unknown kind or options the schema rejects.
 */
export function createComponent<Context, Product>(
  registry: Registry<Component<unknown, Context, Product>>,
  section: ComponentSection,
  context: Context,
): Product {
  const { kind, ...given } = section;
  const component = registry.get(kind);
  const parsed = component.options.safeParse(given);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    const where = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.join('.')}`;
    throw new ConfigError(`${registry.what} '${kind}': ${first?.message ?? 'invalid options'}${where}`);
  }
  return component.create(parsed.data, context);
}
