/**
 * Charts as data: what page-script.ts hands to uPlot in the browser. Colors are names of CSS variables, so that one
 * page serves the light and the dark scheme.
 */
import { embeddedJson, type Html, html } from './html.js';

export interface ChartSeries {
  readonly label: string;
  /** A CSS variable, such as `--run-1`. */
  readonly color: string;
  readonly opacity: number;
  readonly width: number;
  /** One value for each x; null where this series has none. */
  readonly values: readonly (number | null)[];
  /** Whether the key below the chart names it. */
  readonly inKey: boolean;
  readonly dots: boolean;
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What the title leaves unsaid; may be empty. */
  readonly note: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: 'percent' | 'plain';
  /** Fixed ends of the y axis; null lets the data decide. */
  readonly yRange: readonly [number | null, number | null];
  /** The chart in words, for those who can't see it. */
  readonly summary: string;
}

/** Puts several series on one x axis: the union of their x, with null where a series says nothing. */
export function alignedSeries(
  inputs: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[],
): { x: number[]; columns: (number | null)[][] } {
  const x = [...new Set(inputs.flatMap((input) => [...input.x]))].sort((a, b) => a - b);
  const columns = inputs.map((input) => {
    const at = new Map(input.x.map((value, index) => [value, input.y[index] as number]));
    return x.map((value) => at.get(value) ?? null);
  });
  return { x, columns };
}

/** Mean over the `window` values up to each one: what the eye needs of a noisy loss. */
export function runningMean(values: readonly number[], window: number): number[] {
  let sum = 0;
  return values.map((value, index) => {
    sum += value;
    if (index >= window) sum -= values[index - window] as number;
    return sum / Math.min(index + 1, window);
  });
}

export function chartFigure(chart: Chart): Html {
  return html`<figure class="chart" data-chart="${chart.id}">
<figcaption>${chart.title}${chart.note === '' ? null : html` <small>${chart.note}</small>`}</figcaption>
<div class="plot" role="img" aria-label="${chart.summary}"></div>
<p class="x-label" aria-hidden="true">${chart.xLabel}</p>
<ul class="key" aria-hidden="true"></ul>
<script type="application/json">${embeddedJson(chart)}</script>
</figure>`;
}
