/** Writes the head of the page: what was run and how it ended, in one sentence and one tile for each run. */

import { type Html, html } from '../html.js';
import { quickText, timesText } from '../quick-run.js';
import { finalEvaluation, type ReportRun, runColor, scoreDifference, scoreText } from '../report-run.js';

/** Writes the head of the page. */
export function summarySection(runs: readonly ReportRun[]): Html {
  const labels = runs.map((run) => run.label);
  const title = runs.length <= 2 ? labels.join(' vs ') : `${runs.length} runs compared`;
  return html`<header class="summary">
<p class="eyebrow">coarsely <span aria-hidden="true">/</span> training report</p>
<h1>${title}</h1>
<p class="lede">${lede(runs)}</p>
${labelsRemark(runs)}
${quickRemark(runs)}
<ul class="tiles">${runs.map((run, index) => tile(run, index, runs[0] as ReportRun))}</ul>
</header>`;
}

function lede(runs: readonly ReportRun[]): Html {
  const reference = runs[0] as ReportRun;
  const first = finalEvaluation(reference);
  if (runs.length === 1) {
    return first === null
      ? html`No evaluation has been written yet; the curves show the training so far.`
      : html`At step ${first.step} the model scores <strong>${scoreText(first.mIoU)}&thinsp;%</strong> mean IoU on its evaluation split. One run with one seed: how far another seed would end from here is not shown.`;
  }
  const compared = runs
    .slice(1)
    .map((run) => ({ run, difference: scoreDifference(finalEvaluation(run)?.mIoU, first?.mIoU) }))
    .filter((one): one is { run: ReportRun; difference: string } => one.difference !== null);
  if (compared.length === 0) return html`There are not yet two runs with an evaluation to compare.`;
  const sentences = compared.map(
    ({ run, difference }, index) =>
      html`${index === 0 ? '' : ', '}<b>${run.label}</b> is ${differenceText(difference)}`,
  );
  return html`Against <b>${reference.label}</b> at the last evaluation, ${sentences}. Each run is one seed: a difference smaller than the spread between seeds says nothing.`;
}

/** Tells what a quick run is, and that its steps are not those of a full training. */
function quickRemark(runs: readonly ReportRun[]): Html | null {
  const count = runs.filter(({ quick }) => quick !== null).length;
  if (count === 0) return null;
  const is = 'trains a small head on the frozen features of a pretrained network, on pixels of all images';
  return html`<p class="hint">${
    count === runs.length
      ? html`${count === 1 ? 'This is a quick run' : 'These are quick runs'}: ${count === 1 ? 'it' : 'each'} ${is}.`
      : html`A run marked ${quickMark} ${is}. The others train the whole network on crops, so that a step is not the same in both.`
  }</p>`;
}

/** Marks a quick run beside its name. */
export const quickMark = html`<span class="mark">quick</span>`;

function differenceText(difference: string): Html {
  const tone = toneOf(difference);
  if (tone === 'equal') return html`level in mean IoU`;
  const direction = tone === 'better' ? 'above' : 'below';
  return html`<strong>${difference.slice(1)} points</strong> of mean IoU ${direction}`;
}

/** Names the labels of training and of evaluation, where they are the same in all runs. */
function labelsRemark(runs: readonly ReportRun[]): Html | null {
  const remarks = runs.map(({ config }) => {
    const train = part(config, 'train');
    const evaluation = part(config, 'evaluation');
    return train === null || evaluation === null
      ? null
      : `Trained on the labels “${train.labels}” of split “${train.split}”; scored on the labels “${evaluation.labels}” of split “${evaluation.split}”.`;
  });
  const [first] = remarks;
  return first && remarks.every((remark) => remark === first) ? html`<p class="hint">${first}</p>` : null;
}

function part(
  { data }: Readonly<Record<string, unknown>>,
  name: 'train' | 'evaluation',
): { readonly split: unknown; readonly labels: unknown } | null {
  const section = (data as Record<string, unknown> | undefined)?.[name];
  if (typeof section !== 'object' || section === null) return null;
  return 'split' in section && 'labels' in section ? section : null;
}

function tile(run: ReportRun, index: number, reference: ReportRun): Html {
  const last = finalEvaluation(run);
  const difference = index === 0 ? null : scoreDifference(last?.mIoU, finalEvaluation(reference)?.mIoU);
  return html`<li class="tile" style="--run:var(${runColor(index)})">
<h2>${run.label}${run.quick === null ? null : html` ${quickMark}`}</h2>
<p class="figure"><span class="number">${scoreText(last?.mIoU)}</span><span class="unit">% mIoU</span>${difference === null ? null : html` <span class="chip ${toneOf(difference)}">${difference}</span>`}</p>
<dl><div><dt>aAcc</dt><dd>${scoreText(last?.aAcc)}</dd></div><div><dt>mAcc</dt><dd>${scoreText(last?.mAcc)}</dd></div><div><dt>Steps</dt><dd>${progress(run)}</dd></div>${precisionOf(run)}</dl>
${bestRemark(run)}${quickDetails(run)}
</li>`;
}

function quickDetails({ quick }: ReportRun): Html | null {
  if (quick === null) return null;
  const text = quickText(quick);
  return html`<p class="remark">${text.charAt(0).toUpperCase()}${text.slice(1)}${quick.times === null ? null : html`<br>${timesText(quick.times)}`}</p>`;
}

/** Gives the type in which the network computed its scores; nothing where the config does not say. */
function precisionOf({ config: { precision } }: ReportRun): Html | null {
  return typeof precision === 'string' ? html`<div><dt>Precision</dt><dd>${precision}</dd></div>` : null;
}

/** Mentions an earlier evaluation that was better than the last. */
function bestRemark(run: ReportRun): Html | null {
  const last = finalEvaluation(run);
  const best = run.evaluations.reduce(
    (found, one) => ((one.mIoU ?? -1) > (found?.mIoU ?? -1) ? one : found),
    last,
  );
  if (last === null || best === null || best.step === last.step) return null;
  return html`<p class="remark">Best evaluation: ${scoreText(best.mIoU)} at step ${best.step}</p>`;
}

function progress(run: ReportRun): string {
  if (run.iterations === null || run.lastStep >= run.iterations) return String(run.lastStep);
  return `${run.lastStep} of ${run.iterations}`;
}

/** Returns the CSS class of a difference, by its sign. */
export function toneOf(difference: string): 'better' | 'worse' | 'equal' {
  return difference.startsWith('+') ? 'better' : difference.startsWith('−') ? 'worse' : 'equal';
}
