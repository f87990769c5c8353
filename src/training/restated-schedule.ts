/** Says in words what another number of steps makes of a run that is continued: its learning rate and its phases. */

import type { Config } from '../config/index.js';
import { formatNumber } from '../format/index.js';
import { schedules } from '../optim/index.js';
import { createComponent } from '../registry/index.js';

/** A schedule with at most this many drops is told drop by drop, and any other by three of its rates. */
const toldDrops = 5;

/** Configures `restateSchedule`. */
export interface RestateOptions {
  /** Counts the steps that the run was going to have. */
  readonly before: number;
  /** Counts the steps that have been taken. */
  readonly taken: number;
}

/** Returns one line about the new length, one about the learning rate, and one about the isolated phase if it changes. */
export function restateSchedule(config: Config, { before, taken }: RestateOptions): string[] {
  const { schedule, training, optimizer } = config;
  const { iterations, isolatedFraction } = training;
  const { learningRate } = optimizer;
  const factor = createComponent(schedules, schedule, { learningRate });
  const rate = (step: number, total: number) => formatNumber(learningRate * factor(step - 1, total));
  const next = taken + 1;
  const lines = [
    `the run now has ${iterations} steps instead of ${before}, and goes on with step ${next}; all shares of the steps ` +
      `(schedule, isolated phase) are of ${iterations} from there on`,
  ];
  const ahead = ratesAhead({ rate: (step) => rate(step, iterations), first: next, last: iterations });
  const former = taken === 0 ? '' : `; step ${taken} had ${rate(Math.min(taken, before), before)}`;
  lines.push(`learning rate (${schedule.kind} over ${iterations} steps): ${ahead.join(', ')}${former}`);
  const isolatedUntil = Math.ceil(isolatedFraction * iterations);
  if (config.reweighter !== null && taken > 0 && isolatedUntil > taken) {
    const formerEnd = Math.ceil(isolatedFraction * before);
    if (formerEnd <= taken)
      lines.push(`the isolated phase, which had ended, is in force again up to step ${isolatedUntil}`);
  }
  return lines;
}

function ratesAhead({
  rate,
  first,
  last,
}: {
  readonly rate: (step: number) => string;
  readonly first: number;
  readonly last: number;
}): string[] {
  const drops: number[] = [];
  for (let step = first + 1; step <= last && drops.length <= toldDrops; step += 1) {
    if (rate(step) !== rate(step - 1)) drops.push(step);
  }
  const begin = `${rate(first)} at step ${first}`;
  if (drops.length <= toldDrops) return [begin, ...drops.map((step) => `${rate(step)} from step ${step}`)];
  const middle = Math.round((first + last) / 2);
  return [begin, `${rate(middle)} at step ${middle}`, `${rate(last)} at step ${last}`];
}
