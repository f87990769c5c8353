/** Reads what a label costs: the seconds that a person takes for a coarse image, a fine image, or a point. */

import { ConfigError } from '../errors/index.js';
import { knownKeysHint } from '../registry/internal.js';

/** Gives the seconds of labeling for each kind of label. */
export interface LabelCosts {
  /** Is the time for the coarse labels of one image, in seconds. */
  readonly coarse: number;
  /** Is the time for the fine labels of one image, in seconds. */
  readonly fine: number;
  /** Is the time for the class of one pixel, in seconds. */
  readonly point: number;
}

/** Holds the times that Cityscapes states for its coarse and fine labels, and two seconds for a point. */
export const defaultCosts: LabelCosts = { coarse: 7 * 60, fine: 90 * 60, point: 2 };

const names = ['coarse', 'fine', 'point'] as const;
const secondsOfUnit: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };
const expected =
  'expected a list such as coarse=7min,fine=90min,point=2s, with a number above 0 and the unit s, min or h';

/**
 * Reads costs from a text such as `coarse=7min,fine=90min,point=2s`; those that it leaves out keep their default.
 *
 * @throws {ConfigError} when a name or unit is unknown, or a number is not above 0
 */
export function parseLabelCosts(text: string): LabelCosts {
  const costs: Record<(typeof names)[number], number> = { ...defaultCosts };
  for (const part of text.split(',')) {
    const [, name, amount, unit] = /^\s*(\w+)\s*=\s*([\d.]+)\s*([a-zA-Zµ]*)\s*$/.exec(part) ?? [];
    if (name === undefined || amount === undefined || unit === undefined) {
      throw new ConfigError(`costs: ${expected}; received ${JSON.stringify(part.trim())}`);
    }
    const known = names.find((one) => one === name);
    if (known === undefined)
      throw new ConfigError(`costs: ${name} is no kind of label${knownKeysHint(['costs', name], names)}`);
    const seconds = Number(amount) * (secondsOfUnit[unit] ?? Number.NaN);
    if (!(seconds > 0 && Number.isFinite(seconds))) {
      const problem = unit in secondsOfUnit ? 'the number' : `the unit ${unit === '' ? '(none)' : unit}`;
      throw new ConfigError(`costs: ${part.trim()}: ${problem} is not known; ${expected}`);
    }
    costs[known] = seconds;
  }
  return costs;
}

/** Writes a time of labeling as its cost was given: `7 min`, `2 s`, `1.5 h`. */
export function costText(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const minutes = seconds / 60;
  return minutes <= 120
    ? `${Number(minutes.toPrecision(3))} min`
    : `${Number((minutes / 60).toPrecision(3))} h`;
}
