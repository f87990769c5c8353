/** Training loss and mIoU over the steps, all runs in one chart each, and the same mIoU as a table. */
import { alignedSeries, type Chart, type ChartSeries, chartFigure, runningMean } from '../chart.js';
import { type Html, html } from '../html.js';
import { finalEvaluation, percent, type ReportRun, runColor } from '../report-run.js';

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
      const scored = evaluations.filter((one) => one.mIoU !== null);
      return { x: scored.map((one) => one.step), y: scored.map((one) => one.mIoU as number) };
    }),
  );
  return {
    id: 'miou',
    title: 'Mean IoU, %',
    note: 'evaluation split',
    xLabel: 'Step',
    x,
    series: columns.map((values, index) => line(runs, index, values, { dots: true })),
    format: 'percent',
    yRange: [0, null],
    summary: `Mean IoU by training step. ${runs
      .map((run) => `${run.label}: ${percent(finalEvaluation(run)?.mIoU)} per cent at the end.`)
      .join(' ')}`,
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
  return {
    id: 'loss',
    title: 'Training loss',
    note: lossNote(window),
    xLabel: 'Step',
    x,
    series: [
      ...raw.map((values, index) => ({
        ...line(runs, index, values, { dots: false }),
        opacity: 0.22,
        width: 1,
        inKey: false,
      })),
      ...main.map((values, index) => line(runs, index, values, { dots: false })),
    ],
    format: 'plain',
    yRange: [null, null],
    summary: `Training loss by step. ${runs
      .map((run) => `${run.label}: from ${short(run.loss.values[0])} to ${short(run.loss.values.at(-1))}.`)
      .join(' ')}`,
  };
}

function lossNote(window: number): string {
  return window > 1 ? `before weighting; bold: mean of ${window} logged steps` : 'before weighting';
}

function line(
  runs: readonly ReportRun[],
  index: number,
  values: readonly (number | null)[],
  { dots }: { dots: boolean } = { dots: false },
): ChartSeries {
  const label = (runs[index] as ReportRun).label;
  return { label, color: runColor(index), opacity: 1, width: 2, values, inKey: true, dots };
}

function scoreTable(runs: readonly ReportRun[]): Html {
  const steps = [...new Set(runs.flatMap((run) => run.evaluations.map((one) => one.step)))].sort(
    (a, b) => a - b,
  );
  const rows = steps.map(
    (step) =>
      html`<tr><th scope="row">${step}</th>${runs.map((run) => html`<td>${percent(run.evaluations.find((one) => one.step === step)?.mIoU)}</td>`)}</tr>`,
  );
  return html`<details><summary>Mean IoU as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Mean IoU by step"><table>
<thead><tr><th scope="col">Step</th>${runs.map((run) => html`<th scope="col">${run.label}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function short(value: number | undefined): string {
  return value === undefined ? 'nothing' : value.toPrecision(3);
}
