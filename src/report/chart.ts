/** Curves as data: aligned on one x axis, smoothed, and written into the page for its script to draw. */

import type { Chart } from './browser/chart.js';
import { embeddedJson, type Html, html } from './html.js';

/** Holds the points of one curve. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Puts several curves on one x axis: the union of their x, with null where a curve has no value. */
export function alignedSeries(curves: readonly Curve[]): { x: number[]; columns: (number | null)[][] } {
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
  const columns = curves.map((curve) => {
    const at = new Map(curve.x.map((value, index) => [value, curve.y[index] as number]));
    return x.map((value) => at.get(value) ?? null);
  });
  return { x, columns };
}

/** Returns for every value the mean over up to `window` values that end with it, which shows the trend of a noisy loss. */
export function runningMean(values: readonly number[], window: number): number[] {
  let sum = 0;
  return values.map((value, index) => {
    sum += value;
    if (index >= window) sum -= values[index - window] as number;
    return sum / Math.min(index + 1, window);
  });
}

/** Writes a chart with its title and its data. */
export function chartFigure(chart: Chart): Html {
  return html`<figure class="chart" data-chart="${chart.id}">
<figcaption>${chart.title}${chart.note === '' ? null : html` <small>${chart.note}</small>`}</figcaption>
<div class="plot" role="img" aria-label="${chart.summary}"></div>
<p class="x-label" aria-hidden="true">${chart.xLabel}</p>
<ul class="key" aria-hidden="true"></ul>
<script type="application/json">${embeddedJson(chart)}</script>
</figure>`;
}
