// Whether a series of gauges is flat. Tensors, their bytes and worker threads must be exactly what they were after the
// first run; resident memory, which allocators round and fragment, may have a slope within its own noise or below a limit.

/** MiB an hour that count as flat: a leak of one small activation a run is ten times that. */
export const slopeLimit = 24;

const exact = ['liveTensors', 'liveBytes', 'workers'];
const bounded = { openFiles: 4, threads: 4 };

/**
 * @param samples in order of time, each with `minutes` since the start
 * @param options.round runs after which every combination has been; until then new ones fill caches with new sizes
 * @returns the figures, and `problems`: a line for each thing that is not flat
 */
export function verdictOf(samples, { round }) {
  const settled = samples.slice(Math.min(round, Math.floor(samples.length / 2)));
  const spread = (name) => {
    const values = settled.map((sample) => sample[name]);
    return Math.max(...values) - Math.min(...values);
  };
  const problems = [];
  const spreads = {};
  for (const name of exact) {
    spreads[name] = spread(name);
    if (spreads[name] !== 0) problems.push(`${name} is not flat: it varies by ${spreads[name]}`);
  }
  for (const [name, limit] of Object.entries(bounded)) {
    spreads[name] = spread(name);
    const [first, last] = [settled[0][name], settled.at(-1)[name]];
    if (last - first > limit) problems.push(`${name} grew from ${first} to ${last}`);
  }
  const resident = slope(settled, 'residentMiB');
  const residentJudged = samples.length >= 2 * round;
  if (residentJudged && resident.perHour - 2 * resident.standardError > slopeLimit) {
    problems.push(
      `resident memory grows by ${resident.perHour} ± ${resident.standardError} MiB an hour; up to ${slopeLimit} is flat`,
    );
  }
  return {
    runs: samples.length,
    residentJudged,
    warmUpRuns: samples.length - settled.length,
    minutes: samples.at(-1).minutes,
    residentMiB: { first: settled[0].residentMiB, last: settled.at(-1).residentMiB, slope: resident },
    cachedMiBPerHour: slope(settled, 'cachedMiB').perHour,
    heapMiBPerHour: slope(settled, 'heapMiB').perHour,
    spreads,
    problems,
  };
}

/** Least squares over time: MiB an hour, and the standard error of that. */
function slope(samples, name) {
  const hours = samples.map(({ minutes }) => minutes / 60);
  const values = samples.map((sample) => sample[name]);
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [meanHour, meanValue] = [mean(hours), mean(values)];
  const squares = hours.reduce((sum, hour) => sum + (hour - meanHour) ** 2, 0);
  if (squares === 0) return { perHour: 0, standardError: 0 };
  const perHour =
    hours.reduce((sum, hour, i) => sum + (hour - meanHour) * (values[i] - meanValue), 0) / squares;
  const residual = hours.reduce(
    (sum, hour, i) => sum + (values[i] - meanValue - perHour * (hour - meanHour)) ** 2,
    0,
  );
  const standardError = Math.sqrt(residual / Math.max(1, samples.length - 2) / squares);
  return { perHour: Math.round(perHour * 10) / 10, standardError: Math.round(standardError * 10) / 10 };
}
