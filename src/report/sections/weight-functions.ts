/** Shows the learned weight W(v̂) at several moments of training, in one chart for each run with a reweighter. */

import { formatNumber } from '../../format/index.js';
import type { Chart } from '../browser/chart.js';
import { alignedSeries, chartFigure } from '../chart.js';
import { type Html, html } from '../html.js';
import { type ReportRun, runColor, type WeightFunction } from '../report-run.js';

const mostMoments = 6;

/** Writes the section; empty where no run has weights that are a function of the confidence. */
export function weightFunctionsSection(runs: readonly ReportRun[]): Html {
  const weighted = runs
    .map((run, index) => ({ run, index }))
    .filter(({ run }) => run.weightFunctions.length > 0);
  if (weighted.length === 0) return html``;
  return html`<section id="weights" aria-labelledby="weights-title">
<h2 id="weights-title">Learned weights</h2>
<p class="hint">W(v̂) gives a pixel its weight from the confidence v̂ of the prediction there: −1 is a uniform guess, +1 is certainty. Where it falls to the right, training attends to unsure pixels; where it rises, to sure ones. Only its shape matters, because weights are normalized over a batch.</p>
<div class="charts">${weighted.map(({ run, index }) => weightFigure(run, index))}</div>
</section>`;
}

function weightFigure(run: ReportRun, index: number): Html {
  const last = run.weightFunctions.at(-1);
  if (last && last.byAgreement.length > 0) return agreementFigure(run, index, last);
  const moments = someMoments(run.weightFunctions);
  return html`<div>${chartFigure(weightChart(run, index, moments))}
<details><summary>Values</summary><div class="scroll" tabindex="0" role="region" aria-label="Weight by step, ${run.label}"><table>
<thead><tr><th scope="col">Step</th><th scope="col">W(−1)</th><th scope="col">W(0)</th><th scope="col">W(+1)</th></tr></thead>
<tbody>${moments.map((moment) => html`<tr><th scope="row">${moment.step}</th>${[-1, 0, 1].map((v) => html`<td>${nearestWeight(moment, v)}</td>`)}</tr>`)}</tbody>
</table></div></details></div>`;
}

function weightChart(run: ReportRun, index: number, moments: readonly WeightFunction[]): Chart {
  const { x, columns } = alignedSeries(moments.map((one) => ({ x: one.confidence, y: one.weight })));
  const last = moments.at(-1) as WeightFunction;
  return {
    id: `weights-${index}`,
    title: `W(v̂), ${run.label}`,
    note: '',
    xLabel: 'Confidence v̂',
    x,
    series: columns.map((values, moment) => ({
      label: `step ${(moments[moment] as WeightFunction).step}`,
      color: runColor(index),
      opacity: moments.length === 1 ? 1 : 0.2 + (0.8 * moment) / (moments.length - 1),
      width: moment === moments.length - 1 ? 3 : 2,
      values,
      inKey: true,
      dots: false,
    })),
    decimals: 4,
    // From zero, so that a function that is nearly uniform looks like one.
    yRange: [0, null],
    summary: `Weight by confidence for ${run.label}. At step ${last.step}: ${nearestWeight(last, -1)} at confidence −1, ${nearestWeight(last, 0)} at 0, ${nearestWeight(last, 1)} at +1.`,
  };
}

/** Shows W at the end of a run whose weights also depend on agreement: one curve for each agreement. */
function agreementFigure(run: ReportRun, index: number, last: WeightFunction): Html {
  const levels = last.byAgreement.map(({ agreement, weight }) => ({ ...last, agreement, weight }));
  const { x, columns } = alignedSeries(levels.map((one) => ({ x: one.confidence, y: one.weight })));
  const nameOf = (agreement: number) => `agreement ${formatNumber(agreement, { decimals: 1 })}`;
  const chart: Chart = {
    id: `weights-${index}`,
    title: `W(v̂, agreement), ${run.label}`,
    note: `step ${last.step}`,
    xLabel: 'Confidence v̂',
    x,
    series: columns.map((values, level) => ({
      label: nameOf((levels[level] as (typeof levels)[number]).agreement),
      color: runColor(index),
      opacity: 0.3 + (0.7 * (level + 1)) / levels.length,
      width: level === levels.length - 1 ? 3 : 2,
      values,
      inKey: true,
      dots: false,
    })),
    decimals: 4,
    yRange: [0, null],
    summary: `Weight by confidence and agreement for ${run.label} at step ${last.step}. At confidence 0: ${levels.map((one) => `${nearestWeight(one, 0)} at ${nameOf(one.agreement)}`).join(', ')}.`,
  };
  return html`<div>${chartFigure(chart)}
<p class="hint">Agreement is +1 where the moving average of the network predicts the label, and −1 where it denies it. The curves include the factor by which the losses are multiplied.</p>
<details><summary>Values</summary><div class="scroll" tabindex="0" role="region" aria-label="Weight by agreement, ${run.label}"><table>
<thead><tr><th scope="col">Agreement</th><th scope="col">W(−1)</th><th scope="col">W(0)</th><th scope="col">W(+1)</th></tr></thead>
<tbody>${levels.map((one) => html`<tr><th scope="row">${formatNumber(one.agreement, { decimals: 1 })}</th>${[-1, 0, 1].map((v) => html`<td>${nearestWeight(one, v)}</td>`)}</tr>`)}</tbody>
</table></div></details></div>`;
}

/** Returns the first, the last, and moments evenly between, `mostMoments` at most. */
function someMoments(all: readonly WeightFunction[]): WeightFunction[] {
  if (all.length <= mostMoments) return [...all];
  const chosen = Array.from({ length: mostMoments }, (_, index) =>
    Math.round((index * (all.length - 1)) / (mostMoments - 1)),
  );
  return chosen.map((index) => all[index] as WeightFunction);
}

/** Writes the weight at the sampled confidence that is nearest to `wanted`. */
function nearestWeight({ confidence, weight }: WeightFunction, wanted: number): string {
  let nearest = 0;
  for (const [index, value] of confidence.entries()) {
    if (Math.abs(value - wanted) < Math.abs((confidence[nearest] as number) - wanted)) nearest = index;
  }
  return formatNumber(weight[nearest], { decimals: 4 });
}
