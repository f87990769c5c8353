/** Lets single keys work while the view of the data is shown. */

import { useEffect } from 'preact/hooks';

/** Calls the function of a key, as in `{ ']': moreOpacity }`, unless something is being typed or a modifier is held. */
export function useDataKeys(keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      const run = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
      if (run === undefined) return;
      event.preventDefault();
      run();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, select, textarea, [contenteditable]');
}
