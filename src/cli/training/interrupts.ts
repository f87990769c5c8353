/** Counts requests to stop: Ctrl-C and the signals by which other programs ask for the same. */

/** A terminal, or GNU timeout, may deliver one request twice: to the process and to its group. */
const repeatedWithinMilliseconds = 1000;

/**
 * Calls `onRequest` for every request to stop, with its number: 1 for the first.
 *
 * @returns a function that ends it
 */
export function onStopRequest(
  signals: readonly NodeJS.Signals[],
  onRequest: (count: number) => void,
): () => void {
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  const onSignal = () => {
    const now = performance.now();
    if (now - last < repeatedWithinMilliseconds) return;
    last = now;
    count += 1;
    onRequest(count);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
