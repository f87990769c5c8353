/** Lets single keys answer questions. */

import { useEffect } from 'preact/hooks';

/** Holds the keys of the classes in their order; x, z and the space bar mean something else. */
const keys = '123456789abcdefghijklmnopqrstuvwy';

/** Returns the key of each class; classes beyond the keys have a button alone. */
export function classKeys(
  classes: readonly { readonly name: string }[],
): (readonly [key: string, name: string])[] {
  return classes.slice(0, keys.length).map(({ name }, index) => [keys[index] as string, name] as const);
}

/** Calls the function of a key, unless something is being typed, a modifier is held or the key is held down. */
export function useAnswerKeys(runs: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      const { target } = event;
      if (target instanceof Element && target.matches('input, select, textarea, [contenteditable]')) return;
      // The space bar presses the button that has the focus.
      if (event.key === ' ' && target instanceof Element && target.matches('button, a')) return;
      const run = Object.hasOwn(runs, event.key) ? runs[event.key] : undefined;
      if (run === undefined) return;
      event.preventDefault();
      run();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
}
