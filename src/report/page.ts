/** Writes the page of one run or of several compared, as one string, which depends on its arguments alone. */

import { type Html, html, trusted } from './html.js';
import type { PageAssets } from './page-assets.js';
import type { ReportRun } from './report-run.js';
import { configurationSection } from './sections/configuration.js';
import { curvesSection } from './sections/curves.js';
import { type ExamplesContent, examplesSection } from './sections/examples.js';
import { figuresSection } from './sections/figures.js';
import { metricsSection } from './sections/metrics-table.js';
import { profileSection } from './sections/profile.js';
import { summarySection } from './sections/summary.js';
import { weightFunctionsSection } from './sections/weight-functions.js';

/** Holds everything that the page of runs shows. */
export interface PageContent {
  /** At least one; the others are compared with the first. */
  readonly runs: readonly ReportRun[];
  readonly examples: ExamplesContent;
  readonly assets: PageAssets;
}

// Nothing is fetched, whatever a class name or a path contains.
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** Writes the page of runs; a section without content is left out. */
export function renderPage({ runs, examples, assets }: PageContent): string {
  const sections = [
    { id: 'curves', title: 'Training', body: curvesSection(runs) },
    { id: 'weights', title: 'Weights', body: weightFunctionsSection(runs) },
    { id: 'figures', title: 'Wrong labels', body: figuresSection(runs) },
    { id: 'examples', title: 'Examples', body: examplesSection(examples, runs) },
    { id: 'metrics', title: 'Scores', body: metricsSection(runs, examples.classes) },
    { id: 'profile', title: 'Time and memory', body: profileSection(runs) },
    { id: 'configuration', title: 'What was run', body: configurationSection(runs) },
  ].filter(({ body }) => body.text !== '');
  const links = sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`);
  const body = html`${summarySection(runs)}
<nav class="contents" aria-label="Contents">${links}</nav>
${sections.map((section) => section.body)}`;
  const title = `${runs.map((run) => run.label).join(' · ')} – coarsely report`;
  return renderDocument({ title, body, assets });
}

/** Holds the parts of a whole document. */
export interface DocumentContent {
  readonly title: string;
  readonly body: Html;
  readonly assets: PageAssets;
}

/** Writes a whole document around its body, as one file that needs nothing else. */
export function renderDocument({ title, body, assets }: DocumentContent): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<style>${trusted(assets.style)}</style>
</head>
<body>
<main>
${body}
</main>
<footer class="foot"><p>Written by coarsely from the runs' own files. Charts by uPlot, whose license follows.</p>
<details><summary>License of uPlot</summary><pre>${assets.license}</pre></details></footer>
${pictureDialog()}
<script>${trusted(assets.library)}</script>
<script type="module">${trusted(assets.script)}</script>
</body>
</html>
`.text;
}

function pictureDialog(): Html {
  return html`<dialog aria-label="Enlarged picture"><form method="dialog"><img alt=""><p><button type="button" data-step="-1" aria-label="Previous picture">←</button><span></span><button type="button" data-step="1" aria-label="Next picture">→</button><button>Close</button></p></form></dialog>`;
}
