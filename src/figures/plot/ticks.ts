/** Where an axis is marked: at multiples of 1, 2 or 5 times a power of ten. */

/** The marks inside [low, high], about `count` of them; none when the range is empty or not finite. */
export function niceTicks(low: number, high: number, count = 5): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const step = niceStep(span / count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Products of whole numbers: repeated addition would drift.
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** The least range of whole steps that holds [low, high], for an axis that begins and ends on a mark. */
export function niceRange(low: number, high: number, count = 5): [number, number] {
  if (!(high > low)) return [low, low + 1];
  const step = niceStep((high - low) / count);
  const from = Math.floor(low / step + 1e-9) * step;
  const to = Math.ceil(high / step - 1e-9) * step;
  return [Number(from.toPrecision(12)), Number(to.toPrecision(12))];
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}

/** `−0.5`, `20`, `1.25`: as short as the number allows, with a true minus sign. */
export function formatTick(value: number): string {
  return String(Number(value.toPrecision(6))).replace('-', '−');
}
