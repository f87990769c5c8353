/**
 * Defines components, the parts that a config can name: `{ kind: 'arm', p: 2 }` names the reweighter `arm`. Losses,
 * confidences, reweighters, backbones, heads, schedules, optimizers and datasets are components of one shape, so that
 * shared code never branches on a concrete kind and a user's own component is used like a built-in one.
 */

import type { z } from 'zod';

/** Describes a component: its kind, the schema of its options with every default, and how it is created from them. */
export interface Component<Options = unknown, Context = unknown, Product = unknown> {
  /** Is the name that a config uses, as in `loss: { kind: gce }`. */
  readonly kind: string;
  /** Is a `z.strictObject` without `kind`, which rejects unknown options; `.describe()` says what each key means. */
  readonly options: z.ZodType<Options>;
  /** Creates the component from parsed options and from values that its room supplies. */
  create(options: Options, context: Context): Product;
}

/**
 * Returns `component` with the type of its options taken from their schema, so that `create` is checked against it.
 * Further fields, such as the extra heads of a loss, are kept.
 */
export function defineComponent<
  Schema extends z.ZodType,
  Context,
  Product,
  Extra extends object = Record<never, never>,
>(
  component: Extra & {
    readonly kind: string;
    readonly options: Schema;
    create(options: z.output<Schema>, context: Context): Product;
  },
): Component<z.output<Schema>, Context, Product> & Omit<Extra, 'kind' | 'options' | 'create'> {
  return component as Component<z.output<Schema>, Context, Product> &
    Omit<Extra, 'kind' | 'options' | 'create'>;
}
