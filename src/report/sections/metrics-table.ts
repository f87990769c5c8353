/** Shows aAcc, mAcc, mIoU and every class's IoU for each run, with the difference to the first run. */

import { matchClasses } from '../../data/internal.js';
import { cssColor } from '../../figures/internal.js';
import { formatPercent } from '../../format/index.js';
import { type Html, html } from '../html.js';
import {
  finalEvaluation,
  type ReportedClass,
  type ReportedEvaluation,
  type ReportRun,
  runColor,
  scoreDifference,
  scoreText,
} from '../report-run.js';
import { quickMark, toneOf } from './summary.js';

type Fraction = number | null | undefined;

/** Writes the section, with the scores of the last evaluation of each run. */
export function metricsSection(runs: readonly ReportRun[], classes: readonly ReportedClass[]): Html {
  const finals = runs.map(finalEvaluation);
  const names = [...new Set(finals.flatMap((one) => one?.perClass.map(({ name }) => name) ?? []))];
  const totals = (['mIoU', 'mAcc', 'aAcc'] as const).map((key) =>
    row(
      html`<abbr title="${meanings[key]}">${key}</abbr>`,
      finals.map((one) => one?.[key]),
    ),
  );
  const outlines = outlineRows(finals);
  const perClass = names.map((name) => {
    const color = classes.find((one) => one.name === name)?.color;
    const swatch = color ? html`<i class="swatch" style="background:${cssColor(color)}"></i>` : null;
    return row(
      html`${swatch}${name}`,
      finals.map((one) => one?.perClass.find((scores) => scores.name === name)?.iou),
    );
  });
  return html`<section id="metrics" aria-labelledby="metrics-title">
<h2 id="metrics-title">Scores</h2>
<p class="hint">Last evaluation of each run, in percent${runs.length > 1 ? html`; small numbers are percentage points against <b>${(runs[0] as ReportRun).label}</b>` : null}. A class that occurs neither in the labels nor in the prediction has no score and is in no mean; a class that is predicted but not in the labels counts as 0 in mIoU and is not in mAcc.${otherClasses(finals)}</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="metrics-title"><table class="metrics">
<thead><tr><th scope="col">Metric</th>${runs.map((run, index) => html`<th scope="col"><i class="dot" style="background:var(${runColor(index)})"></i>${run.label}${run.quick === null ? null : html` ${quickMark}`}</th>`)}</tr></thead>
<tbody class="totals">${totals}${outlines}</tbody>
<tbody><tr class="group"><th scope="rowgroup" colspan="${runs.length + 1}">IoU by class</th></tr>${perClass}</tbody>
<tfoot><tr><th scope="row">Step</th>${finals.map((one) => html`<td>${one?.step ?? '–'}</td>`)}</tr></tfoot>
</table></div></section>`;
}

/** Warns that runs of other classes have means of other things; the order of the classes does not matter. */
function otherClasses(finals: readonly (ReportedEvaluation | null)[]): Html | null {
  const scored = finals.filter((one) => one !== null);
  const first = scored[0]?.perClass ?? [];
  const isSame = scored.every(({ perClass }) => matchClasses(perClass, first).relation !== 'different');
  return isSame
    ? null
    : html` <strong>The runs have different classes, so that their means cannot be compared.</strong>`;
}

/** Writes rows for scores near boundaries, where one of the runs measured them. */
function outlineRows(finals: readonly (ReportedEvaluation | null)[]): Html[] {
  const rows: Html[] = [];
  if (finals.some((one) => one !== null && one.boundaryF1 !== null)) {
    const heading = html`<abbr title="${meanings.boundaryF1}">boundary F1</abbr>`;
    rows.push(
      row(
        heading,
        finals.map((one) => one?.boundaryF1),
      ),
    );
  }
  const widths = new Set(finals.flatMap((one) => one?.trimapMIoU.map(({ width }) => width) ?? []));
  for (const width of widths) {
    const heading = html`<abbr title="${meanings.trimap}">trimap mIoU, ${width} px</abbr>`;
    rows.push(
      row(
        heading,
        finals.map((one) => one?.trimapMIoU.find((score) => score.width === width)?.mIoU),
      ),
    );
  }
  return rows;
}

const meanings = {
  mIoU: 'mean over classes of intersection over union',
  mAcc: 'mean over the classes of the labels of the share of true pixels found',
  aAcc: 'share of all labeled pixels that are right',
  boundaryF1: 'mean over classes of the F-score of boundaries, within 0.75 % of the diagonal',
  trimap: 'mIoU of the pixels within this distance of a boundary of the labels',
} as const;

function row(heading: Html, values: readonly Fraction[]): Html {
  const best = Math.max(...values.map((value) => value ?? -1));
  const cells = values.map((value, index) => {
    const difference = index === 0 ? null : scoreDifference(value, values[0]);
    const isBest = values.length > 1 && typeof value === 'number' && value === best;
    const filled = typeof value === 'number' ? formatPercent(value) : '0';
    return html`<td style="--value:${filled}%;--run:var(${runColor(index)})"><span class="score${isBest ? ' best' : ''}">${scoreText(value)}</span>${difference === null ? null : html`<small class="${toneOf(difference)}">${difference}</small>`}</td>`;
  });
  return html`<tr><th scope="row">${heading}</th>${cells}</tr>`;
}
