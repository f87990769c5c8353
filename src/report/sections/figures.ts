/** Shows the paper's figures 2 and 5 and its theory, for runs that recorded statistics during training. */

import type { RunStatistics } from '../../analysis/index.js';
import { divisionSvg, lossByConfidenceSvg, theoryRuns, theorySvg } from '../../figures/internal.js';
import { type Html, html, trusted } from '../html.js';
import type { ReportRun } from '../report-run.js';

/** Writes the section; empty where no run recorded statistics. */
export function figuresSection(runs: readonly ReportRun[]): Html {
  const recorded = runs.flatMap(({ statistics }) => (statistics === null ? [] : [statistics]));
  if (recorded.length === 0) return html``;
  const weighted = theoryRuns(recorded);
  return html`<section id="figures" aria-labelledby="figures-title">
<h2 id="figures-title">Confidence, loss and wrong labels</h2>
<p class="hint">Measured on a few training images at every evaluation. A pixel is mislabeled where its training label differs from a finer one.</p>
${recorded.map((run) => divisionFigure(run))}
${drawing(lossByConfidenceSvg(recorded), `Mean loss by confidence: ${recorded.map(({ label }) => label).join(', ')}`)}
${weighted.length === 0 ? null : drawing(theorySvg(weighted), `Weights against theory: ${weighted.map(({ run }) => run.label).join(', ')}`)}
${weighted.length === 0 ? null : html`<p class="hint">Held to ‖W‖<sub>p</sub> = 1, the weighted loss is greatest for W(v̂) ∝ E[l | v̂]<sup>1/(p−1)</sup>; an adversary should arrive there.</p>`}
</section>`;
}

function divisionFigure(run: RunStatistics): Html {
  const svg = divisionSvg(run);
  if (svg === null) {
    return html`<p class="hint">${run.label} has no finer labels to compare with, so that its mislabeled pixels are not known.</p>`;
  }
  return drawing(svg, `Mislabeled pixels by loss and by confidence: ${run.label}`);
}

/** Embeds a drawing, which keeps its white ground in the dark scheme too: its colors are chosen for it. */
function drawing(svg: string, description: string): Html {
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  return html`<figure class="drawing"><img src="${trusted(source)}" alt="${description}" loading="lazy" decoding="async"></figure>`;
}
