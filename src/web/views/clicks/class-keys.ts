/** Gives every class a key. */

/** Holds the keys of the classes in their order; x, z and the space bar mean something else. */
const keys = '123456789abcdefghijklmnopqrstuvwy';

/** Returns the key of each class; classes beyond the keys have a button alone. */
export function classKeys(
  classes: readonly { readonly name: string }[],
): (readonly [key: string, name: string])[] {
  return classes.slice(0, keys.length).map(({ name }, index) => [keys[index] as string, name] as const);
}
