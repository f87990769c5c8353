/** Reads items ahead of their use, so that decoding, in threads of sharp and of Node, overlaps the network. */

/**
 * Yields what `read` returns for each item, in their order. At most `ahead` items are read beside the one that is in use.
 *
 * @throws whatever `read` throws, where its item would come
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  read: (item: Item) => Promise<Result>,
  { ahead }: { readonly ahead: number },
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  for (const item of items) {
    const reading = read(item);
    // It is thrown where the item is awaited; without this, an earlier rejection would end the process.
    reading.catch(() => undefined);
    pending.push(reading);
    if (pending.length > ahead) yield await (pending.shift() as Promise<Result>);
  }
  for (const reading of pending) yield await reading;
}
