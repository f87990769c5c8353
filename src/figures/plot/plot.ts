/**
 * Draws one plot: axes with ticks, a grid, a legend, and series of lines and bars. Scales, ticks and paths are d3's; what
 * is left here is where they stand and how they look. Reports draw their static plots with it too; only their curves over
 * training are drawn in the browser, where they answer to the cursor (see report/browser).
 */

import { type ScaleLinear, type ScaleLogarithmic, scaleLinear, scaleLog } from 'd3-scale';
import { area as areaShape, line } from 'd3-shape';
import { lightColors } from '../palette.js';
import { drawLegend } from './legend.js';
import { element, type Frame, fontSize, text } from './svg.js';

/** Describes one axis. */
export interface Axis {
  readonly label: string;
  /** Fixed ends; by default those of the data, widened to whole ticks. */
  readonly range?: readonly [number, number];
  /** Spaces values evenly (`linear`, the default), or their ratios (`log`), which needs values above 0. */
  readonly scale?: 'linear' | 'log';
  /** Writes a tick's number; by default as short as the ticks' distance allows. */
  readonly format?: (value: number) => string;
}

/** Holds the points of one line, or the bars of one histogram. */
export interface Series {
  readonly label: string;
  readonly color: string;
  readonly x: readonly number[];
  /** One value for each x; null leaves a gap. */
  readonly y: readonly (number | null)[];
  /** Bars stand on 0; dots are not joined. */
  readonly mark: 'line' | 'bars' | 'dots';
  /** Draws from low to high at each x: a band around a line, a whisker through a dot. */
  readonly spread?: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Is false for a series that the legend leaves out; true by default. */
  readonly inLegend?: boolean;
  /** Width of a bar in units of x. */
  readonly barWidth?: number;
  readonly dashed?: boolean;
  /** Draws a dot at every point of a line. */
  readonly dots?: boolean;
}

/** Describes a plot. */
export interface Plot {
  readonly title: string;
  /** A second line below the title. */
  readonly note?: string | undefined;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

type Scale = ScaleLinear<number, number> | ScaleLogarithmic<number, number>;

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

const margin = { left: 58, right: 14, bottom: 44 } as const;
/** Pixels between two ticks, about. */
const tickSpace = { x: 90, y: 46 } as const;

/** Draws the plot into the frame, title and labels included. */
export function drawPlot(plot: Plot, frame: Frame): string {
  const { title, note, series } = plot;
  const titleLine = frame.top + fontSize.heading;
  const noteLine = titleLine + 17;
  const named = series.filter(({ inLegend = true }) => inLegend);
  const entries = named.map(({ label, color, mark, dashed = false }) => ({
    label,
    color,
    mark: mark !== 'line' ? ('box' as const) : dashed ? ('dashed line' as const) : ('line' as const),
  }));
  const legend = drawLegend(entries, {
    left: frame.left + margin.left,
    right: frame.left + frame.width,
    top: (note === undefined ? titleLine : noteLine) + 20,
  });
  const area: Frame = {
    left: frame.left + margin.left,
    top: legend.bottom + 10,
    width: frame.width - margin.left - margin.right,
    height: frame.top + frame.height - margin.bottom - legend.bottom - 10,
  };
  const heights = series.flatMap(({ y, spread }) => [
    ...y.filter((value) => value !== null),
    ...(spread ? [...spread.low, ...spread.high] : []),
  ]);
  const scales: Scales = {
    x: scaleOf(plot.x, {
      values: series.flatMap(({ x }) => x),
      ticks: tickCount(area.width, tickSpace.x),
    }).range([area.left, area.left + area.width]),
    y: scaleOf(plot.y, { values: [0, ...heights], ticks: tickCount(area.height, tickSpace.y) }).range([
      area.top + area.height,
      area.top,
    ]),
  };
  return element('g', { class: 'plot' }, [
    text(title, { x: area.left, y: titleLine, size: fontSize.heading, weight: 600 }),
    ...(note === undefined ? [] : [text(note, { x: area.left, y: noteLine, color: lightColors.muted })]),
    ...legend.marks,
    ...drawRows(plot.y, { area, scale: scales.y }),
    ...drawColumns(plot.x, { area, scale: scales.x }),
    ...series.filter(({ mark }) => mark === 'bars').map((one) => drawBars(one, scales)),
    ...series.filter(({ mark }) => mark === 'line').map((one) => drawBand(one, scales)),
    ...series.filter(({ mark }) => mark === 'line').map((one) => drawLine(one, scales)),
    ...series.filter(({ mark }) => mark === 'dots').map((one) => drawDots(one, scales)),
  ]);
}

function tickCount(length: number, space: number): number {
  return Math.max(2, Math.round(length / space));
}

function scaleOf(
  { range, scale = 'linear' }: Axis,
  { values, ticks }: { readonly values: readonly number[]; readonly ticks: number },
): Scale {
  if (scale === 'log') return scaleLog().domain(range ?? [Math.min(...values), Math.max(...values)]);
  if (range !== undefined) return scaleLinear().domain(range);
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((greatest, value) => Math.max(greatest, value), Number.NEGATIVE_INFINITY);
  if (high < low) return scaleLinear();
  return scaleLinear()
    .domain(high === low ? [low, low + 1] : [low, high])
    .nice(ticks);
}

interface AxisDrawing {
  readonly area: Frame;
  readonly scale: Scale;
}

/** Draws the grid's lines with the numbers of the vertical axis. */
function drawRows({ label, format }: Axis, { area, scale }: AxisDrawing): string[] {
  const count = tickCount(area.height, tickSpace.y);
  const write = format ?? scale.tickFormat(count);
  const rows = scale.ticks(count).flatMap((value) => [
    element('line', {
      x1: area.left,
      x2: area.left + area.width,
      y1: scale(value),
      y2: scale(value),
      stroke: lightColors.faint,
    }),
    text(write(value), {
      x: area.left - 8,
      y: scale(value) + 4,
      anchor: 'end',
      size: fontSize.small,
      color: lightColors.muted,
    }),
  ]);
  const name = text(label, {
    x: area.left - 44,
    y: area.top + area.height / 2,
    anchor: 'middle',
    rotate: -90,
  });
  return [...rows, name];
}

/** Draws the horizontal axis with its ticks. */
function drawColumns({ label, format }: Axis, { area, scale }: AxisDrawing): string[] {
  const bottom = area.top + area.height;
  const count = tickCount(area.width, tickSpace.x);
  const write = format ?? scale.tickFormat(count);
  const columns = ticksOf(scale, count).flatMap((value) => [
    element('line', {
      x1: scale(value),
      x2: scale(value),
      y1: bottom,
      y2: bottom + 5,
      stroke: lightColors.ink,
    }),
    text(write(value), {
      x: scale(value),
      y: bottom + 18,
      anchor: 'middle',
      size: fontSize.small,
      color: lightColors.muted,
    }),
  ]);
  return [
    element('line', {
      x1: area.left,
      x2: area.left + area.width,
      y1: bottom,
      y2: bottom,
      stroke: lightColors.ink,
    }),
    ...columns,
    text(label, { x: area.left + area.width / 2, y: bottom + 37, anchor: 'middle' }),
  ];
}

/** Returns the ticks of a scale; of a logarithmic one 1, 2 and 5 of each power of ten, or where there is room the powers alone. */
function ticksOf(scale: Scale, count: number): number[] {
  const ticks = scale.ticks(count);
  if (!('base' in scale) || ticks.length <= count + 2) return ticks;
  const leading = (value: number) => value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  const some = ticks.filter((value) => [1, 2, 5].some((digit) => Math.abs(leading(value) - digit) < 1e-6));
  return some.length <= count + 4 ? some : some.filter((value) => Math.abs(leading(value) - 1) < 1e-6);
}

function drawBand({ x: places, spread, color }: Series, { x, y }: Scales): string {
  if (spread === undefined) return element('g', {}, ['']);
  const points = places.map((place, index) => ({
    place,
    low: spread.low[index] as number,
    high: spread.high[index] as number,
  }));
  const inside = within(y);
  const path = areaShape<(typeof points)[number]>()
    .x(({ place }) => x(place))
    .y0(({ low }) => inside(low))
    .y1(({ high }) => inside(high))
    .digits(2)(points);
  return element('path', { class: 'band', d: path ?? '', fill: color, 'fill-opacity': 0.14 });
}

/** Returns the place of a value in pixels, on the edge of the plot where it lies outside. */
function within(scale: Scale): (value: number) => number {
  const [from, to] = scale.range() as [number, number];
  return (value) => Math.min(Math.max(from, to), Math.max(Math.min(from, to), scale(value)));
}

function drawDots({ x: places, y: heights, spread, color }: Series, { x, y }: Scales): string {
  const marks = places.flatMap((place, index) => {
    const height = heights[index] ?? null;
    if (height === null) return [];
    const whisker = spread && [
      element('line', {
        class: 'whisker',
        x1: x(place),
        x2: x(place),
        y1: within(y)(spread.low[index] as number),
        y2: within(y)(spread.high[index] as number),
        stroke: color,
        'stroke-width': 1.4,
      }),
    ];
    return [...(whisker ?? []), element('circle', { class: 'dot', cx: x(place), cy: y(height), r: 3.2 })];
  });
  return element('g', { fill: color }, marks.length === 0 ? [''] : marks);
}

function drawBars({ x: places, y: heights, color, barWidth = 1 }: Series, { x, y }: Scales): string {
  const width = (x(barWidth) - x(0)) * 0.92;
  const bars = places.flatMap((place, index) => {
    const height = heights[index] ?? 0;
    if (height === 0) return [];
    return [
      element('rect', {
        class: 'bar',
        x: x(place) - width / 2,
        y: y(height),
        width,
        height: y(0) - y(height),
      }),
    ];
  });
  return element('g', { fill: color }, bars.length === 0 ? [''] : bars);
}

function drawLine({ x: places, y: heights, color, dashed, dots }: Series, { x, y }: Scales): string {
  const points = places.map((place, index) => ({ place, height: heights[index] ?? null }));
  const path = line<(typeof points)[number]>()
    .defined(({ height }) => height !== null)
    .x(({ place }) => x(place))
    .y(({ height }) => y(height ?? 0))
    .digits(2)(points);
  if (path === null || path === '') return element('g', { fill: color }, ['']);
  const curve = element('path', {
    class: 'line',
    d: path,
    fill: 'none',
    stroke: color,
    'stroke-width': 2,
    'stroke-linejoin': 'round',
    'stroke-dasharray': dashed ? '6 4' : undefined,
  });
  const marks = points.flatMap(({ place, height }) =>
    dots && height !== null ? [element('circle', { class: 'dot', cx: x(place), cy: y(height), r: 2.6 })] : [],
  );
  return element('g', { fill: color }, [curve, ...marks]);
}
