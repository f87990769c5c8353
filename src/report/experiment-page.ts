/** Writes the page of an experiment as one string: its tables, curves by group of rows, and how it was run. */

import type { ExperimentContent } from './experiment-content.js';
import { type Html, html } from './html.js';
import { renderDocument } from './page.js';
import type { PageAssets } from './page-assets.js';
import { rowCurvesSection } from './sections/row-curves.js';
import { tablesSection } from './sections/tables.js';

/** Writes the page. */
export function renderExperimentPage(content: ExperimentContent, assets: PageAssets): string {
  const { title, tables, groups, notes } = content;
  const body = html`<header class="summary">
<p class="eyebrow">coarsely <span aria-hidden="true">/</span> experiment</p>
<h1>${title}</h1>
<p class="lede">Scores are percentages, the mean over seeds ± the sample standard deviation. Δ is the difference to the base row, seed by seed, with the 95 % interval of its mean. Where the interval contains 0, the seeds decide nothing.</p>
</header>
${tablesSection(tables)}
${rowCurvesSection(groups)}
${runsSection(content)}
<section id="notes" aria-labelledby="notes-title"><h2 id="notes-title">How it was run</h2>
${notes.map((note) => html`<p class="hint">${note}</p>`)}</section>`;
  return renderDocument({ title: `${title} – coarsely experiment`, body, assets });
}

function runsSection({ groups }: ExperimentContent): Html {
  const rows = new Map(groups.flatMap((group) => group.rows.map((row) => [row.label, row])));
  const commands = [...rows.values()].flatMap(({ runs }) =>
    runs.map(({ folder }) => `coarsely report ${folder}\n`),
  );
  return html`<section id="runs" aria-labelledby="runs-title"><h2 id="runs-title">Runs</h2>
<p class="hint">The command coarsely report writes a page of one run, or of several side by side.</p>
<details><summary>All run folders</summary><pre>${commands}</pre></details></section>`;
}
