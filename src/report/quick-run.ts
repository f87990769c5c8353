/** Describes what a report says of a quick run: one that trained a small head on frozen features. */

import { counted, formatCount, formatDuration, formatNumber } from '../format/index.js';
import { metricRecords, type Run } from '../runs/index.js';

/** Holds where the time of a quick run went, in seconds over all its starts. */
export interface QuickTimes {
  /** Gives the time for computing or reading the features of the training images. */
  readonly features: number;
  /** Gives the time of the training steps. */
  readonly head: number;
  readonly evaluation: number;
}

/** Holds what distinguishes a quick run. */
export interface QuickRun {
  /** Names the kind of the frozen backbone; null where the config does not say. */
  readonly backbone: string | null;
  /** Counts the pixels of a step. */
  readonly pixels: number | null;
  /** Counts the features of each image: one for each scale, and as many again where images are mirrored. */
  readonly views: number;
  /** Is null until the run has written where its time went. */
  readonly times: QuickTimes | null;
}

type Section = Readonly<Record<string, unknown>>;

/** Returns what distinguishes a quick run; null for a run that trains its network on images. */
export function quickRunOf(run: Run, config: Section): QuickRun | null {
  const { quick, model } = config;
  if (!isSection(quick)) return null;
  const backbone = isSection(model) && isSection(model.backbone) ? model.backbone.kind : null;
  const scales = Array.isArray(quick.scales) ? quick.scales.length : 1;
  return {
    backbone: typeof backbone === 'string' ? backbone : null,
    pixels: typeof quick.pixels === 'number' ? quick.pixels : null,
    views: quick.flip === true ? 2 * scales : scales,
    times: timesOf(run),
  };
}

/** Adds the times of all starts of a run. Lines count from the start of their process, so that a sum that falls is of the next. */
function timesOf(run: Run): QuickTimes | null {
  const lines = metricRecords(run, 'timing').map(({ values }) => values);
  if (lines.length === 0) return null;
  const lasts = lines.filter(({ steps }, place) => {
    const next = lines[place + 1];
    return next === undefined || next.steps < steps;
  });
  const sum = (key: 'features' | 'steps' | 'evaluation') =>
    lasts.reduce((total, values) => total + values[key], 0);
  return { features: sum('features'), head: sum('steps'), evaluation: sum('evaluation') };
}

/** Writes what a quick run trains on: `a head on frozen features of mobilenet_v2, 8,192 pixels a step`. */
export function quickText({ backbone, pixels, views }: QuickRun): string {
  const source = backbone === null ? 'frozen features' : `frozen features of ${backbone}`;
  return [
    `a head on ${source}`,
    ...(pixels === null ? [] : [`${formatCount(pixels)} pixels a step`]),
    ...(views === 1 ? [] : [`${counted(views, 'view')} of each image`]),
  ].join(', ');
}

/** Writes where the time went: `features 41.2 s, head 9.0 s, evaluation 1:12`. */
export function timesText({ features, head, evaluation }: QuickTimes): string {
  return Object.entries({ features, head, evaluation })
    .map(([name, seconds]) => `${name} ${secondsText(seconds)}`)
    .join(', ');
}

/** Writes seconds below a minute with one decimal, as the parts of a quick run are short. */
function secondsText(seconds: number): string {
  return seconds < 60 ? `${formatNumber(seconds, { decimals: 1 })} s` : formatDuration(seconds);
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
