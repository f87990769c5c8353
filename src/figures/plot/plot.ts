/** One plot: axes with ticks, a grid, a legend, and series of lines and bars over numbers. */

import { element, text } from './svg.js';
import { fontSize, grid, ink, muted } from './theme.js';
import { formatTick, niceRange, niceTicks } from './ticks.js';

export interface Axis {
  readonly label: string;
  /** Fixed ends; by default the data's, widened to whole ticks. */
  readonly range?: readonly [number, number];
  readonly format?: (value: number) => string;
}

export interface Series {
  readonly label: string;
  readonly color: string;
  readonly x: readonly number[];
  /** One for each x; null leaves a gap. */
  readonly y: readonly (number | null)[];
  /** Bars stand on 0. */
  readonly mark: 'line' | 'bars';
  /** Of bars, in units of x. */
  readonly barWidth?: number;
  readonly dashed?: boolean;
  /** A dot at every point of a line. */
  readonly dots?: boolean;
}

export interface Plot {
  readonly title: string;
  /** What the title leaves unsaid. */
  readonly note?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** The rectangle that a plot fills, title and labels included. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Scale {
  readonly range: readonly [number, number];
  place(value: number): number;
}

const margin = { left: 58, right: 14, bottom: 44 } as const;

export function drawPlot(plot: Plot, frame: Frame): string {
  const { title, note, series } = plot;
  const titleLine = frame.top + fontSize.heading;
  const noteLine = titleLine + 17;
  const legendLine = (note === undefined ? titleLine : noteLine) + 20;
  const legend = drawLegend(series, {
    left: frame.left + margin.left,
    right: frame.left + frame.width,
    top: legendLine,
  });
  const area: Frame = {
    left: frame.left + margin.left,
    top: legend.bottom + 10,
    width: frame.width - margin.left - margin.right,
    height: frame.top + frame.height - margin.bottom - legend.bottom - 10,
  };
  const x = scaleOf(
    plot.x,
    series.flatMap((one) => [...one.x]),
    [area.left, area.left + area.width],
  );
  const heights = series.flatMap((one) => one.y.filter((value) => value !== null));
  const y = scaleOf(plot.y, [0, ...heights], [area.top + area.height, area.top]);
  return element('g', { class: 'plot' }, [
    text(title, { x: area.left, y: titleLine, size: fontSize.heading, weight: 600 }),
    ...(note === undefined ? [] : [text(note, { x: area.left, y: noteLine, color: muted })]),
    ...legend.marks,
    ...drawAxes(plot, { area, x, y }),
    ...series.filter(({ mark }) => mark === 'bars').map((one) => drawBars(one, { x, y })),
    ...series.filter(({ mark }) => mark === 'line').map((one) => drawLine(one, { x, y })),
  ]);
}

function scaleOf(axis: Axis, values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const range = axis.range ?? (values.length === 0 ? [0, 1] : niceRange(least(values), greatest(values)));
  const [low, high] = range;
  return { range, place: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

interface Drawing {
  readonly area: Frame;
  readonly x: Scale;
  readonly y: Scale;
}

function drawAxes(plot: Plot, { area, x, y }: Drawing): string[] {
  const bottom = area.top + area.height;
  const right = area.left + area.width;
  const rows = niceTicks(...y.range, Math.max(2, Math.round(area.height / 46))).flatMap((value) => {
    const at = y.place(value);
    return [
      element('line', { x1: area.left, x2: right, y1: at, y2: at, stroke: grid }),
      text((plot.y.format ?? formatTick)(value), {
        x: area.left - 8,
        y: at + 4,
        anchor: 'end',
        size: fontSize.small,
        color: muted,
      }),
    ];
  });
  const columns = niceTicks(...x.range, Math.max(2, Math.round(area.width / 90))).flatMap((value) => {
    const at = x.place(value);
    return [
      element('line', { x1: at, x2: at, y1: bottom, y2: bottom + 5, stroke: ink }),
      text((plot.x.format ?? formatTick)(value), {
        x: at,
        y: bottom + 18,
        anchor: 'middle',
        size: fontSize.small,
        color: muted,
      }),
    ];
  });
  return [
    ...rows,
    element('line', { x1: area.left, x2: right, y1: bottom, y2: bottom, stroke: ink }),
    ...columns,
    text(plot.x.label, { x: area.left + area.width / 2, y: bottom + 37, anchor: 'middle' }),
    text(plot.y.label, { x: area.left - 44, y: area.top + area.height / 2, anchor: 'middle', rotate: -90 }),
  ];
}

function drawBars(
  { x: places, y: heights, color, barWidth = 1 }: Series,
  { x, y }: Omit<Drawing, 'area'>,
): string {
  const width = (x.place(barWidth) - x.place(0)) * 0.92;
  const zero = y.place(0);
  const bars = places.flatMap((place, index) => {
    const height = heights[index] ?? 0;
    if (height === 0) return [];
    const top = y.place(height);
    return [
      element('rect', {
        class: 'bar',
        x: x.place(place) - width / 2,
        y: top,
        width,
        height: zero - top,
      }),
    ];
  });
  return element('g', { fill: color }, bars.length === 0 ? [''] : bars);
}

function drawLine(
  { x: places, y: heights, color, dashed, dots }: Series,
  { x, y }: Omit<Drawing, 'area'>,
): string {
  let path = '';
  let pen: 'M' | 'L' = 'M';
  const points: string[] = [];
  for (const [index, place] of places.entries()) {
    const height = heights[index] ?? null;
    if (height === null) {
      pen = 'M';
      continue;
    }
    const [across, up] = [x.place(place), y.place(height)];
    path += `${pen}${across.toFixed(2)} ${up.toFixed(2)}`;
    pen = 'L';
    if (dots) points.push(element('circle', { class: 'dot', cx: across, cy: up, r: 2.6 }));
  }
  const line = element('path', {
    class: 'line',
    d: path,
    fill: 'none',
    stroke: color,
    'stroke-width': 2,
    'stroke-linejoin': 'round',
    'stroke-dasharray': dashed ? '6 4' : undefined,
  });
  return element('g', { fill: color }, path === '' ? [''] : [line, ...points]);
}

/** Names beside their marks, in as many lines as they need. */
function drawLegend(
  series: readonly Series[],
  { left, right, top }: { readonly left: number; readonly right: number; readonly top: number },
): { readonly marks: string[]; readonly bottom: number } {
  let x = left;
  let y = top;
  const marks = series.flatMap(({ label, color, mark, dashed }) => {
    // A sans-serif letter is about half as wide as it is high.
    const width = 30 + label.length * fontSize.text * 0.56;
    if (x > left && x + width > right) {
      x = left;
      y += 18;
    }
    const sign =
      mark === 'bars'
        ? element('rect', { x: x + 4, y: y - 9, width: 10, height: 10, fill: color })
        : element('line', {
            x1: x,
            x2: x + 18,
            y1: y - 4,
            y2: y - 4,
            stroke: color,
            'stroke-width': 2.5,
            'stroke-dasharray': dashed ? '6 3' : undefined,
          });
    const name = text(label, { x: x + 24, y });
    x += width + 12;
    return [sign, name];
  });
  return { marks, bottom: series.length === 0 ? top - 18 : y };
}

function least(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
}

function greatest(values: readonly number[]): number {
  return values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
}
