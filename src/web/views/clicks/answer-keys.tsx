/** Lists the classes with their keys, as buttons. */

import { ClassChip } from '../../../components/index.js';
import { classKeys } from './class-keys.js';

/** Configures `AnswerKeys`. */
export interface AnswerKeysOptions {
  readonly classes: readonly { readonly name: string; readonly color: readonly number[] }[];
  /** Names the class that the head takes the pixel for. */
  readonly suggested: string | null;
  readonly isOverlaid: boolean;
  readonly onAnswer: (name: string | null) => void;
  readonly onUndo: () => void;
  readonly onOverlay: () => void;
}

/** Shows a button for each class and for what else can be done. */
export function AnswerKeys({
  classes,
  suggested,
  isOverlaid,
  onAnswer,
  onUndo,
  onOverlay,
}: AnswerKeysOptions) {
  const keyOf = new Map(classKeys(classes).map(([key, name]) => [name, key]));
  return (
    <section class="clicks-keys" aria-label="Answers">
      {classes.map(({ name, color }) => (
        <button
          key={name}
          type="button"
          class={name === suggested ? 'clicks-suggested' : ''}
          title={name === suggested ? 'what the model takes it for' : undefined}
          onClick={() => onAnswer(name)}
        >
          <kbd>{keyOf.get(name) ?? ' '}</kbd>{' '}
          <ClassChip name={name} color={color as [number, number, number]} />
        </button>
      ))}
      <button type="button" onClick={() => onAnswer(null)}>
        <kbd>x</kbd> cannot tell
      </button>
      <button type="button" onClick={onUndo}>
        <kbd>z</kbd> undo
      </button>
      <button type="button" aria-pressed={isOverlaid} onClick={onOverlay}>
        <kbd>Space</kbd> prediction
      </button>
    </section>
  );
}
