/** Training loss and mIoU over the steps, all runs in one chart each, and the same mIoU as a table. */
import { alignedSeries, type Chart, type ChartSeries, chartFigure, runningMean } from '../chart.js';
import { type Html, html } from '../html.js';
import { finalEvaluation, percent, type ReportRun, runColor } from '../report-run.js';

export function curvesSection(runs: readonly ReportRun[]): Html {
  const evaluated = runs.some((run) => run.evaluations.length > 0);
  const trained = runs.some((run) => run.loss.steps.length > 0);
  if (!evaluated && !trained) return html``;
  const weighted = runs.filter((run) => isReweighted(run) && !run.lossIsPlain);
  return html`<section id="curves" aria-labelledby="curves-title">
<h2 id="curves-title">Training</h2>
<div class="charts">
${evaluated ? chartFigure(scoreChart(runs)) : null}
${trained ? chartFigure(lossChart(runs)) : null}
</div>
${weighted.length > 0 && weighted.length < runs.length ? html`<p class="hint">The loss of a reweighted run is the weighted one that it trains on, Σ w′·l: its height is not comparable with a plain mean.</p>` : null}
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
    note: lossNote(runs, window),
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

function lossNote(runs: readonly ReportRun[], window: number): string {
  const remarks = [
    runs.every((run) => run.lossIsPlain) ? 'before weighting' : '',
    window > 1 ? `bold: mean of ${window} logged steps` : '',
  ];
  return remarks.filter((remark) => remark !== '').join('; ');
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

/** Whether the run trains with weights: its config names a reweighter. */
function isReweighted(run: ReportRun): boolean {
  return typeof run.config.reweighter === 'object' && run.config.reweighter !== null;
}

function short(value: number | undefined): string {
  return value === undefined ? 'nothing' : value.toPrecision(3);
}
