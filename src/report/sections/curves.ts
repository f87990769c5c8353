/** Shows training loss and mIoU over the steps, all runs in one chart each, and the same mIoU as a table. */

import { formatNumber } from '../../format/index.js';
import type { Chart, ChartSeries } from '../browser/chart.js';
import { alignedSeries, chartFigure, runningMean } from '../chart.js';
import { type Html, html } from '../html.js';
import { finalEvaluation, type ReportRun, runColor, scoreText } from '../report-run.js';

/** Writes the section; empty where no run has a loss or an evaluation. */
export function curvesSection(runs: readonly ReportRun[]): Html {
  const evaluated = runs.some((run) => run.evaluations.length > 0);
  const trained = runs.some((run) => run.loss.steps.length > 0);
  if (!evaluated && !trained) return html``;
  return html`<section id="curves" aria-labelledby="curves-title">
<h2 id="curves-title">Training</h2>
<div class="charts">
${evaluated ? chartFigure(scoreChart(runs)) : null}
${trained ? chartFigure(lossChart(runs)) : null}
</div>
${evaluated ? scoreTable(runs) : null}
</section>`;
}

function scoreChart(runs: readonly ReportRun[]): Chart {
  const { x, columns } = alignedSeries(
    runs.map(({ evaluations }) => {
      const scored = evaluations.flatMap(({ step, mIoU }) => (mIoU === null ? [] : [{ step, mIoU }]));
      return { x: scored.map(({ step }) => step), y: scored.map(({ mIoU }) => 100 * mIoU) };
    }),
  );
  const ends = runs.map(
    (run) => `${run.label}: ${scoreText(finalEvaluation(run)?.mIoU)} percent at the end.`,
  );
  return {
    id: 'miou',
    title: 'Mean IoU, %',
    note: 'evaluation split',
    xLabel: 'Step',
    x,
    series: columns.map((values, index) => ({ ...line(runs, { index, values }), dots: true })),
    decimals: 2,
    yRange: [0, null],
    summary: `Mean IoU by training step. ${ends.join(' ')}`,
  };
}

function lossChart(runs: readonly ReportRun[]): Chart {
  // Noise hides the trend once there are many points; the raw values stay, faint, behind their running mean.
  const longest = Math.max(...runs.map((run) => run.loss.values.length));
  const window = longest > 40 ? Math.round(longest / 25) : 1;
  const curves = runs.map(({ loss }) => ({ x: loss.steps, y: loss.values }));
  const smoothed = curves.map(({ x, y }) => ({ x, y: runningMean(y, window) }));
  const { x, columns } = alignedSeries(window > 1 ? [...curves, ...smoothed] : curves);
  const raw = window > 1 ? columns.slice(0, runs.length) : [];
  const main = columns.slice(-runs.length);
  const ends = runs.map(({ label, loss: { values } }) => {
    const [from, to] = [values[0], values.at(-1)].map((value) => formatNumber(value, { digits: 3 }));
    return `${label}: from ${from} to ${to}.`;
  });
  return {
    id: 'loss',
    title: 'Training loss',
    note: window > 1 ? `before weighting; bold: mean of ${window} logged steps` : 'before weighting',
    xLabel: 'Step',
    x,
    series: [
      ...raw.map((values, index) => ({
        ...line(runs, { index, values }),
        opacity: 0.22,
        width: 1,
        inKey: false,
      })),
      ...main.map((values, index) => line(runs, { index, values })),
    ],
    decimals: 4,
    yRange: [null, null],
    summary: `Training loss by step. ${ends.join(' ')}`,
  };
}

function line(
  runs: readonly ReportRun[],
  { index, values }: { readonly index: number; readonly values: readonly (number | null)[] },
): ChartSeries {
  const { label } = runs[index] as ReportRun;
  return { label, color: runColor(index), opacity: 1, width: 2, values, inKey: true, dots: false };
}

function scoreTable(runs: readonly ReportRun[]): Html {
  const steps = [...new Set(runs.flatMap((run) => run.evaluations.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
  const rows = steps.map((step) => {
    const cells = runs.map(
      ({ evaluations }) => html`<td>${scoreText(evaluations.find((one) => one.step === step)?.mIoU)}</td>`,
    );
    return html`<tr><th scope="row">${step}</th>${cells}</tr>`;
  });
  const heads = runs.map(({ label }) => html`<th scope="col">${label}</th>`);
  return html`<details><summary>Mean IoU as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Mean IoU by step"><table>
<thead><tr><th scope="col">Step</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
