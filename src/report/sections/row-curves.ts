/**
 * Shows the curves of an experiment: for each group of compared rows the training loss, one line for each row, the mean
 * over its seeds; and the final weights of the rows that learn weights.
 */

import { seriesPlace } from '../../figures/internal.js';
import type { Chart, ChartSeries } from '../browser/chart.js';
import { alignedSeries, chartFigure, runningMean } from '../chart.js';
import type { ReportedGroup, ReportedRow } from '../experiment-content.js';
import { type Html, html } from '../html.js';
import { type ReportRun, runColor, type Series } from '../report-run.js';

/** Writes the section; empty where no run has a loss. */
export function rowCurvesSection(groups: readonly ReportedGroup[]): Html {
  const charts = groups.flatMap((group, index) => [
    ...lossChart(group, `loss-${index}`),
    ...weightChart(group, `weights-${index}`),
  ]);
  if (charts.length === 0) return html``;
  return html`<section id="curves" aria-labelledby="curves-title">
<h2 id="curves-title">Training</h2>
<p class="hint">A line is the mean over a row's seeds. Losses are the main head's plain mean, before any weighting, smoothed over a twentieth of the run.</p>
<div class="charts">${charts.map(chartFigure)}</div>
</section>`;
}

function lossChart({ title, rows }: ReportedGroup, id: string): Chart[] {
  const curves = rows.map(({ runs }) => smoothed(meanSeries(runs.map(({ loss }) => loss))));
  if (curves.every(({ steps }) => steps.length === 0)) return [];
  const { x, columns } = alignedSeries(curves.map(({ steps, values }) => ({ x: steps, y: values })));
  return [
    {
      id,
      title,
      note: 'training loss',
      xLabel: 'Step',
      x,
      series: columns.map((values, index) => line(rows, { index, values })),
      decimals: 4,
      yRange: [null, null],
      summary: `Training loss by step of ${rows.map(({ label }) => label).join(', ')}.`,
    },
  ];
}

/** Charts W(v̂) after the last step, for rows whose weights are a function of the confidence. */
function weightChart({ title, rows }: ReportedGroup, id: string): Chart[] {
  const weighted = rows.flatMap((row, index) => {
    const last = meanSeries(row.runs.flatMap(finalWeights));
    return last.steps.length === 0 ? [] : [{ index, last }];
  });
  if (weighted.length === 0) return [];
  const { x, columns } = alignedSeries(weighted.map(({ last }) => ({ x: last.steps, y: last.values })));
  return [
    {
      id,
      title,
      note: 'weight at the end',
      xLabel: 'Confidence v̂',
      x,
      series: columns.map((values, column) => line(rows, { index: weighted[column]?.index ?? 0, values })),
      decimals: 4,
      yRange: [0, null],
      summary: `Weight by confidence of ${weighted.map(({ index }) => rows[index]?.label).join(', ')}.`,
    },
  ];
}

function finalWeights({ weightFunctions }: ReportRun): Series[] {
  const last = weightFunctions.at(-1);
  return last === undefined ? [] : [{ steps: last.confidence, values: last.weight }];
}

/** Returns the mean of several series at every step that all of them have. */
function meanSeries(series: readonly Series[]): Series {
  const [first, ...rest] = series.filter(({ steps }) => steps.length > 0);
  if (first === undefined) return { steps: [], values: [] };
  const others = rest.map(({ steps, values }) => new Map(steps.map((step, index) => [step, values[index]])));
  const steps: number[] = [];
  const values: number[] = [];
  for (const [index, step] of first.steps.entries()) {
    const all = [first.values[index], ...others.map((other) => other.get(step))];
    const known = all.filter((value) => value !== undefined);
    if (known.length < all.length) continue;
    steps.push(step);
    values.push(known.reduce((sum, value) => sum + value, 0) / known.length);
  }
  return { steps, values };
}

function smoothed({ steps, values }: Series): Series {
  return { steps, values: runningMean(values, Math.max(1, Math.round(values.length / 20))) };
}

function line(
  rows: readonly ReportedRow[],
  { index, values }: { readonly index: number; readonly values: readonly (number | null)[] },
): ChartSeries {
  // Colors repeat after the last; a repeated one is told apart by a thinner line.
  const second = index !== seriesPlace(index);
  const label = rows[index]?.label ?? '';
  const [opacity, width] = second ? [0.6, 1] : [1, 2];
  return { label, color: runColor(index), opacity, width, values, inKey: true, dots: false };
}
