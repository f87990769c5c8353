/** Binds single keys to the actions of a view. Each action has a button too; keys only save the way to it. */

import { useEffect, useRef } from 'preact/hooks';

/** Describes what a key does. */
interface KeyAction {
  /** Says in a few words what the key does. */
  readonly label: string;
  readonly run: () => void;
  /** Is true where a key that is held down acts once. */
  readonly once?: boolean;
}

/** Maps the names of keys, as `KeyboardEvent.key` gives them, to what they do. */
export type KeyActions = Readonly<Record<string, KeyAction>>;

/** Runs an action when its key is pressed. Text fields, open dialogs and keys with Ctrl, Alt or Meta stay as they are. */
export function useKeys(actions: KeyActions): void {
  const present = useRef(actions);
  present.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      if (isTaken(event)) return;
      const action = Object.hasOwn(present.current, event.key) ? present.current[event.key] : undefined;
      if (action === undefined) return;
      event.preventDefault();
      if (!event.repeat || action.once !== true) action.run();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

/** Says whether the element that has the focus, or an open dialog, takes the key for itself. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches('input:not([type=checkbox]), textarea, select')) return true;
  return (key === 'Enter' || key === ' ') && target.matches('button, a[href], summary, input');
}
