/** Example images with their labels and, for each run, what the model made of them, side by side. */
import { type Html, html, trusted } from '../html.js';
import type { Example, ExampleRow, Panel, ReportedClass, ReportRun } from '../report-run.js';
import { runColor } from '../report-run.js';
import { highestLoss } from '../run-panels.js';

export interface ExamplesContent {
  readonly examples: readonly Example[];
  readonly classes: readonly ReportedClass[];
  /** Why there are none, where there are none. */
  readonly remark: string | null;
  /** CSS gradients of the two color scales, lowest value first. */
  readonly scales: { readonly confidence: string; readonly weight: string };
}

export function examplesSection(content: ExamplesContent, runs: readonly ReportRun[]): Html {
  const { examples, classes, remark, scales } = content;
  if (examples.length === 0) {
    return remark === null
      ? html``
      : html`<section id="examples" aria-labelledby="examples-title"><h2 id="examples-title">Examples</h2><p class="hint">${remark}</p></section>`;
  }
  return html`<section id="examples" aria-labelledby="examples-title">
<h2 id="examples-title">Examples</h2>
<p class="hint">Images spread evenly over the evaluation split, not picked. Select a picture to enlarge it; the arrow keys then step through its neighbors.</p>
<ul class="legend" aria-label="Class colors">${classes.map(({ name, color }) => html`<li><i class="swatch" style="background:rgb(${color.join(',')})"></i>${name}</li>`)}<li><i class="swatch unlabeled"></i>unlabeled</li></ul>
<div class="scales">
${scale('Confidence v̂', scales.confidence, ['−1', '0', '+1'])}
${scale('Loss', scales.weight, ['0', String(highestLoss / 2), `≥ ${highestLoss}`])}
${scale('Weight, 1 = mean of the image', scales.weight, ['0', '1', '≥ 2'])}
</div>
${examples.map((example) => exampleArticle(example, runs))}
${remark === null ? null : html`<p class="hint">${remark}</p>`}
</section>`;
}

function exampleArticle(example: Example, runs: readonly ReportRun[]): Html {
  return html`<article class="example" style="--aspect:${example.width}/${example.height}">
<h3>${example.name}</h3>
${example.rows.map((row) => panelRow(row, runs))}
</article>`;
}

function panelRow(row: ExampleRow, runs: readonly ReportRun[]): Html {
  const run = row.run === null ? undefined : runs[row.run];
  const heading =
    run === undefined || row.run === null
      ? null
      : html`<p class="row-name" style="--run:var(${runColor(row.run)})">${run.label}</p>`;
  return html`<div class="row">${heading}
<div class="panels">${row.panels.map(panelFigure)}${row.remark === null ? null : html`<p class="missing">${row.remark}</p>`}</div></div>`;
}

function panelFigure(panel: Panel): Html {
  return html`<figure class="panel ${panel.kind}"><button type="button" class="enlarge" aria-label="Enlarge: ${panel.description}"><img src="${trusted(panel.source)}" alt="${panel.description}" loading="lazy" decoding="async"></button><figcaption>${panel.title}${panel.note === null ? null : html` <small>${panel.note}</small>`}</figcaption></figure>`;
}

function scale(title: string, gradient: string, ticks: readonly string[]): Html {
  return html`<div class="scale"><span>${title}</span><i style="background:${trusted(gradient)}"></i><span class="ticks">${ticks.map((tick) => html`<span>${tick}</span>`)}</span></div>`;
}
