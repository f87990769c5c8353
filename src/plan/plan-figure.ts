/** Draws the plan: mIoU against hours of labeling, with measured means, their fits and what the next hours would bring. */

import { drawPlot, type Series, seriesColor, svgDocument } from '../figures/internal.js';
import { formatNumber } from '../format/index.js';
import { curveInterval, type FittedCurve, gainInterval, meanInterval } from './fit-curve.js';
import { curveKinds, curveNames, hoursAt, mean } from './learning-curve.js';
import type { LabelingPlan } from './plan.js';
import { powerLawAt } from './power-law.js';

const size = { width: 1080, height: 470 } as const;
/** Counts the points at which a fit is drawn. */
const drawnPoints = 60;
/** Is how many times the asked hours the right panel shows. */
const shownBeyond = 2;

/** Returns the drawing as SVG: on the left all hours, on the right those from today on. */
export function planSvg(plan: LabelingPlan): string {
  const { curves, hours, recommendation } = plan;
  const today = curves[0] === undefined ? 0 : hoursAt(curves[0], curves[0].today);
  const end = shownBeyond * hours;
  const additions = curves.filter(({ kind }) => kind !== 'fine-alone' || curves.length === 1);
  const description = `mIoU against hours of labeling. ${recommendation.sentence}`;
  const panel = { top: 10, height: size.height - 20 } as const;
  return svgDocument({ ...size, description }, [
    drawPlot(
      {
        title: 'mIoU of the measured labels',
        note: 'dots: mean over seeds with 95 % interval; lines: power laws with 95 % bands',
        x: {
          label: 'hours of labeling, from nothing',
          scale: 'log',
          range: hoursRange(curves, { today, end }),
          format: (value) => formatNumber(value, { digits: 3 }),
        },
        y: { label: 'mIoU, percent', range: scoreRange(curves) },
        series: curves.flatMap((curve) => seriesOf(curve, { until: lastHours(curve, { today, end }) })),
      },
      { ...panel, left: 10, width: size.width * 0.56 },
    ),
    drawPlot(
      {
        title: `The next ${formatNumber(hours)} hours`,
        note: 'gain over today, by the fits',
        x: { label: 'hours of labeling, from today', range: [0, end] },
        y: { label: 'gain in mIoU, points' },
        series: additions.flatMap((curve) => gainSeries(curve, { end })),
      },
      { ...panel, left: 24 + size.width * 0.56, width: size.width * 0.44 - 40 },
    ),
  ]);
}

function colorOf({ kind }: FittedCurve): string {
  return seriesColor(curveKinds.indexOf(kind));
}

function seriesOf(curve: FittedCurve, { until }: { readonly until: number }): Series[] {
  const { measurements } = curve;
  const color = colorOf(curve);
  const label = curveNames[curve.kind].plot;
  const first = measurements.find(({ count }) => count > 0)?.count ?? 1;
  const from = measurements[0]?.count === 0 ? hoursAt(curve, 0) : hoursAt(curve, first);
  const hours = Array.from(
    { length: drawnPoints },
    (_, place) => from * (until / from) ** (place / (drawnPoints - 1)),
  );
  const counts = hours.map((value) => (value * 3600 - curve.secondsBefore) / curve.secondsEach);
  const bands = counts.map((count) => curveInterval(curve, Math.max(0, count)));
  const intervals = measurements.map((one) => meanInterval(curve, one));
  const known = intervals.filter((interval) => interval !== null);
  return [
    {
      ...{ label, color, mark: 'line', x: hours },
      y: counts.map((count) => 100 * powerLawAt(curve.law, Math.max(0, count))),
      spread: { low: bands.map(({ lower }) => 100 * lower), high: bands.map(({ upper }) => 100 * upper) },
    },
    {
      ...{ label, color, mark: 'dots', inLegend: false },
      x: measurements.map(({ count }) => hoursAt(curve, count)),
      y: measurements.map(({ scores }) => 100 * mean(scores)),
      ...(known.length === measurements.length && {
        spread: { low: known.map(({ lower }) => 100 * lower), high: known.map(({ upper }) => 100 * upper) },
      }),
    },
  ];
}

function gainSeries(curve: FittedCurve, { end }: { readonly end: number }): Series[] {
  const hours = Array.from({ length: drawnPoints }, (_, place) => (end * place) / (drawnPoints - 1));
  const counts = hours.map((value) => curve.today + (value * 3600) / curve.secondsEach);
  const start = powerLawAt(curve.law, curve.today);
  const bands = counts.map((to) => gainInterval(curve, { from: curve.today, to }));
  return [
    {
      ...{ label: curveNames[curve.kind].title, color: colorOf(curve), mark: 'line', x: hours },
      y: counts.map((count) => 100 * (powerLawAt(curve.law, count) - start)),
      spread: { low: bands.map(({ lower }) => 100 * lower), high: bands.map(({ upper }) => 100 * upper) },
    },
  ];
}

/** Returns the hours at which the line of a curve ends: at its last measurement, or at what is asked about. */
function lastHours(
  curve: FittedCurve,
  { today, end }: { readonly today: number; readonly end: number },
): number {
  const measured = hoursAt(curve, curve.measurements.at(-1)?.count ?? 0);
  return curve.kind === 'fine-alone' && curve.today === 0 ? measured : Math.max(measured, today + end);
}

function hoursRange(
  curves: readonly FittedCurve[],
  { today, end }: { readonly today: number; readonly end: number },
): readonly [number, number] {
  const firsts = curves
    .map((curve) => hoursAt(curve, curve.measurements[0]?.count ?? 0))
    .filter((value) => value > 0);
  const lasts = curves.map((curve) => lastHours(curve, { today, end }));
  return [Math.min(...firsts) / 1.15, Math.max(...lasts) * 1.1];
}

/** Returns the range of the measured scores in percent, to whole steps of five. */
function scoreRange(curves: readonly FittedCurve[]): readonly [number, number] {
  const scores = curves.flatMap(({ measurements }) => measurements.map((one) => 100 * mean(one.scores)));
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  return [Math.max(0, 5 * Math.floor((low - 1) / 5)), Math.min(100, 5 * Math.ceil((high + 1.5) / 5))];
}
