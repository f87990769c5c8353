/**
 * Decides whether a series of gauges is flat. Tensors, their bytes and worker threads must be exactly the same as after
 * the first run; resident memory, which allocators round and fragment, may have a slope within its own noise or below a
 * limit.
 */

import type { Gauges } from './gauges.js';

/** A reading of the gauges, in minutes since the start. */
export type Sample = Gauges & { readonly minutes: number };

/** MiB an hour that count as flat: a leak of one small activation a run is ten times as much. */
const slopeLimit = 24;

const exactGauges = ['liveTensors', 'liveBytes', 'workers'] as const;
/** Bounds the growth of gauges that may vary a little. */
const boundedGauges = { openFiles: 4, threads: 4 } as const;

/**
 * @param samples in the order of time
 * @param options.round the number of runs after which every combination has been seen; until then new ones fill caches
 *   with new sizes
 * @returns the figures, and `problems`, a line for each gauge that is not flat
 */
export function judge(samples: readonly Sample[], { round }: { readonly round: number }) {
  const settled = samples.slice(Math.min(round, Math.floor(samples.length / 2)));
  const [first, last] = [settled[0], settled.at(-1)];
  if (!first || !last) throw new Error('no samples to judge');
  const problems: string[] = [];
  const spreads: Record<string, number> = {};
  const measureSpread = (name: keyof Gauges) => {
    const values = settled.map((sample) => sample[name]);
    const spread = Math.max(...values) - Math.min(...values);
    spreads[name] = spread;
    return spread;
  };
  for (const name of exactGauges) {
    const spread = measureSpread(name);
    if (spread !== 0) problems.push(`${name} is not flat: it varies by ${spread}`);
  }
  for (const name of ['openFiles', 'threads'] as const) {
    measureSpread(name);
    if (last[name] - first[name] > boundedGauges[name])
      problems.push(`${name} grew from ${first[name]} to ${last[name]}`);
  }
  const resident = slopeOf(settled, 'residentMiB');
  const isResidentJudged = samples.length >= 2 * round;
  if (isResidentJudged && resident.perHour - 2 * resident.standardError > slopeLimit) {
    problems.push(
      `resident memory grows by ${resident.perHour} ± ${resident.standardError} MiB an hour; up to ${slopeLimit} is flat`,
    );
  }
  return {
    runs: samples.length,
    residentJudged: isResidentJudged,
    warmUpRuns: samples.length - settled.length,
    minutes: last.minutes,
    residentMiB: { first: first.residentMiB, last: last.residentMiB, slope: resident },
    cachedMiBPerHour: slopeOf(settled, 'cachedMiB').perHour,
    heapMiBPerHour: slopeOf(settled, 'heapMiB').perHour,
    spreads: spreads as Record<(typeof exactGauges)[number] | keyof typeof boundedGauges, number>,
    problems,
  };
}

/** Fits a line by least squares, and returns its slope in units an hour with the standard error. */
function slopeOf(samples: readonly Sample[], name: keyof Gauges): { perHour: number; standardError: number } {
  const points = samples.map((sample) => ({ hour: sample.minutes / 60, value: sample[name] }));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const meanHour = sum(points.map(({ hour }) => hour)) / points.length;
  const meanValue = sum(points.map(({ value }) => value)) / points.length;
  const squares = sum(points.map(({ hour }) => (hour - meanHour) ** 2));
  if (squares === 0) return { perHour: 0, standardError: 0 };
  const perHour = sum(points.map(({ hour, value }) => (hour - meanHour) * (value - meanValue))) / squares;
  const residual = sum(
    points.map(({ hour, value }) => (value - meanValue - perHour * (hour - meanHour)) ** 2),
  );
  const standardError = Math.sqrt(residual / Math.max(1, samples.length - 2) / squares);
  return { perHour: Math.round(perHour * 10) / 10, standardError: Math.round(standardError * 10) / 10 };
}
