/** Shows example images with their labels and, for each run, its prediction and maps, side by side. */

import {
  type ColorScale,
  confidenceScale,
  cssColor,
  cssGradient,
  weightScale,
} from '../../figures/internal.js';
import { type Html, html, trusted } from '../html.js';
import {
  type Example,
  type ExampleRow,
  type Panel,
  type ReportedClass,
  type ReportRun,
  runColor,
} from '../report-run.js';
import { highestLoss } from '../run-panels.js';

/** Holds the examples of a report. */
export interface ExamplesContent {
  readonly examples: readonly Example[];
  readonly classes: readonly ReportedClass[];
  /** Explains pictures that are missing. */
  readonly remark: string | null;
}

/** Writes the section; empty where there is neither an example nor a remark. */
export function examplesSection(content: ExamplesContent, runs: readonly ReportRun[]): Html {
  const { examples, classes, remark } = content;
  if (examples.length === 0) {
    return remark === null
      ? html``
      : html`<section id="examples" aria-labelledby="examples-title"><h2 id="examples-title">Examples</h2><p class="hint">${remark}</p></section>`;
  }
  const names = classes.map(
    ({ name, color }) => html`<li><i class="swatch" style="background:${cssColor(color)}"></i>${name}</li>`,
  );
  return html`<section id="examples" aria-labelledby="examples-title">
<h2 id="examples-title">Examples</h2>
<p class="hint">Images spread evenly over the evaluation split, not picked. Select a picture to enlarge it; the arrow keys then step through its neighbors.</p>
<ul class="legend" aria-label="Class colors">${names}<li><i class="swatch unlabeled"></i>unlabeled</li></ul>
<div class="scales">
${scaleKey('Confidence v̂', { scale: confidenceScale, ticks: ['−1', '0', '+1'] })}
${scaleKey('Loss', { scale: weightScale, ticks: ['0', String(highestLoss / 2), `≥ ${highestLoss}`] })}
${scaleKey('Weight, 1 = mean of the image', { scale: weightScale, ticks: ['0', '1', '≥ 2'] })}
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

function panelRow({ run: index, panels, remark }: ExampleRow, runs: readonly ReportRun[]): Html {
  const run = index === null ? undefined : runs[index];
  const heading =
    index === null || run === undefined
      ? null
      : html`<p class="row-name" style="--run:var(${runColor(index)})">${run.label}</p>`;
  return html`<div class="row">${heading}
<div class="panels">${panels.map(panelFigure)}${remark === null ? null : html`<p class="missing">${remark}</p>`}</div></div>`;
}

function panelFigure({ title, description, source, note, kind }: Panel): Html {
  return html`<figure class="panel ${kind}"><button type="button" class="enlarge" aria-label="Enlarge: ${description}"><img src="${trusted(source)}" alt="${description}" loading="lazy" decoding="async"></button><figcaption>${title}${note === null ? null : html` <small>${note}</small>`}</figcaption></figure>`;
}

function scaleKey(
  title: string,
  { scale, ticks }: { readonly scale: ColorScale; readonly ticks: readonly string[] },
): Html {
  return html`<div class="scale"><span>${title}</span><i style="background:${cssGradient(scale)}"></i><span class="ticks">${ticks.map((tick) => html`<span>${tick}</span>`)}</span></div>`;
}
