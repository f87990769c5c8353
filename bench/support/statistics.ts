/**
 * Order statistics of measurements. They are used instead of means, because a step that other work on the machine delays
 * must not move the result.
 */

/** Returns the value below which `share` of the values lie, interpolated; NaN for no values. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (position - Math.floor(position)) * (high - low);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Returns the first and the third quartile. */
function quartiles(values: readonly number[]): [number, number] {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}

/**
 * Divides two series of the same rounds element by element. Ratios within a round cancel what slows the whole machine
 * during that round.
 */
export function ratiosOf(numerators: readonly number[], denominators: readonly number[]): number[] {
  return numerators.map((value, round) => value / (denominators[round] ?? Number.NaN));
}

export function roundTo(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}

/** Returns the rounded median and quartiles of a series. */
export function summarize(
  values: readonly number[],
  { digits }: { readonly digits: number },
): { median: number; quartiles: number[] } {
  return {
    median: roundTo(median(values), digits),
    quartiles: quartiles(values).map((value) => roundTo(value, digits)),
  };
}
