/**
 * Measures every item once in each round. Each round begins with the next item, so that what an item leaves behind for
 * its successor (heat, caches, page tables) affects all alike.
 */
export async function takeTurns<Item>(
  items: readonly Item[],
  rounds: number,
  measure: (item: Item) => Promise<void> | void,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % items.length;
    for (const item of [...items.slice(first), ...items.slice(0, first)]) await measure(item);
  }
}
