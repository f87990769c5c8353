// Order statistics: a step that a busy machine delays should not move the figure.

/** The value below which `share` of the values lie, interpolated. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)] - low);
}

export const median = (values) => quantile(values, 0.5);
export const quartiles = (values) => [quantile(values, 0.25), quantile(values, 0.75)];
