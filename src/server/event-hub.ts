/** Passes on what happened to every open page. */

/** Says what changed. Pages then ask again for what they show, so an event that got lost does no harm. */
export type ServerEvent =
  /** Lines were added to a run, or its state changed; names the run. */
  | { readonly type: 'run'; readonly run: string }
  /** A command that the page started moved on, by its id. */
  | { readonly type: 'job'; readonly job: string }
  /** Files of the dataset changed under the page. */
  | { readonly type: 'dataset' }
  /** More of the labels was counted. */
  | { readonly type: 'statistics' }
  /** The check of the dataset went on or ended. */
  | { readonly type: 'check' }
  /** Regions of the audit changed. */
  | { readonly type: 'audit' }
  /** A line was appended to the journal; `origin` is the tab that did it, which knows it already. */
  | { readonly type: 'journal'; readonly origin: string | null }
  /** The head of the clicks learned from the answers so far. */
  | { readonly type: 'head'; readonly generation: number };

/** Passes events from those who know to those who listen. */
export class EventHub {
  readonly #listeners = new Map<(event: ServerEvent) => void, () => void>();

  /** Counts those who listen: nobody needs to look for changes while it is 0. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Calls every listener with the event. */
  publish(event: ServerEvent): void {
    for (const listener of this.#listeners.keys()) listener(event);
  }

  /** Calls `listener` with every event from now on, and returns a function that ends this. `onEnd` hears of the hub's end. */
  listen(
    listener: (event: ServerEvent) => void,
    { onEnd = () => undefined }: { readonly onEnd?: () => void } = {},
  ): () => void {
    this.#listeners.set(listener, onEnd);
    return () => this.#listeners.delete(listener);
  }

  /** Ends all listening. */
  close(): void {
    for (const onEnd of [...this.#listeners.values()]) onEnd();
    this.#listeners.clear();
  }
}
