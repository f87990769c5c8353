/** The whole page as one string: pure, so that everything it shows is an argument. */
import type { ChartLibrary } from './chart-library.js';
import { type Html, html, trusted } from './html.js';
import { pageScript } from './page-script.js';
import { pageStyle } from './page-style.js';
import type { ReportRun } from './report-run.js';
import { configurationSection } from './sections/configuration.js';
import { curvesSection } from './sections/curves.js';
import { type ExamplesContent, examplesSection } from './sections/examples.js';
import { figuresSection } from './sections/figures.js';
import { metricsSection } from './sections/metrics-table.js';
import { profileSection } from './sections/profile.js';
import { summarySection } from './sections/summary.js';
import { weightFunctionsSection } from './sections/weight-functions.js';

export interface PageContent {
  /** At least one; the first is what the others are compared with. */
  readonly runs: readonly ReportRun[];
  readonly examples: ExamplesContent;
  readonly library: ChartLibrary;
}

// Nothing is fetched, whatever a class name or a path contains.
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

export function renderPage({ runs, examples, library }: PageContent): string {
  const sections = [
    { id: 'curves', title: 'Training', body: curvesSection(runs) },
    { id: 'weights', title: 'Weights', body: weightFunctionsSection(runs) },
    { id: 'figures', title: 'Wrong labels', body: figuresSection(runs) },
    { id: 'examples', title: 'Examples', body: examplesSection(examples, runs) },
    { id: 'metrics', title: 'Scores', body: metricsSection(runs, examples.classes) },
    { id: 'profile', title: 'Time and memory', body: profileSection(runs) },
    { id: 'configuration', title: 'What was run', body: configurationSection(runs) },
  ].filter(({ body }) => body.text !== '');
  const body = html`${summarySection(runs)}
${contents(sections)}
${sections.map((section) => section.body)}`;
  const title = `${runs.map((run) => run.label).join(' · ')} – coarsely report`;
  return renderDocument({ title, body, library });
}

export interface DocumentContent {
  readonly title: string;
  readonly body: Html;
  readonly library: ChartLibrary;
}

/** A whole page around its body: one file that needs nothing else. */
export function renderDocument({ title, body, library }: DocumentContent): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<style>${trusted(library.style)}${trusted(pageStyle)}</style>
</head>
<body>
<main>
${body}
</main>
<footer class="foot"><p>Written by coarsely from the runs' own files. Charts by uPlot, whose license follows.</p>
<details><summary>License of uPlot</summary><pre>${library.license}</pre></details></footer>
${enlargement()}
<script>${trusted(library.script)}</script>
<script>${trusted(pageScript)}</script>
</body>
</html>
`.text;
}

function contents(sections: readonly { readonly id: string; readonly title: string }[]): Html {
  return html`<nav class="contents" aria-label="Contents">${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</nav>`;
}

function enlargement(): Html {
  return html`<dialog aria-label="Enlarged picture"><form method="dialog"><img alt=""><p><button type="button" data-step="-1" aria-label="Previous picture">←</button><span></span><button type="button" data-step="1" aria-label="Next picture">→</button><button>Close</button></p></form></dialog>`;
}
