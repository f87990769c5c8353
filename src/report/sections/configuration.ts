/** Writes the section "What was run": the keys in which configs differ, each complete config and each environment. */

import { configDifferences } from '../config-differences.js';
import { type Html, html } from '../html.js';
import { type ReportRun, runColor } from '../report-run.js';
import { quickMark } from './summary.js';

/** Returns the section for runs in the order of their columns. */
export function configurationSection(runs: readonly ReportRun[]): Html {
  return html`<section id="configuration" aria-labelledby="configuration-title">
<h2 id="configuration-title">What was run</h2>
${runs.length > 1 ? differencesTable(runs) : null}
<div class="run-details">${runs.map((run, index) => runDetails(run, index))}</div>
</section>`;
}

function differencesTable(runs: readonly ReportRun[]): Html {
  const differences = configDifferences(runs.map((run) => run.config)).filter(({ path }) => path !== 'name');
  if (differences.length === 0) {
    return html`<p class="hint">The configs are the same in every key but the name.</p>`;
  }
  const cell = (value: string | null, first: string | null) => {
    if (value === null) return html`<td class="absent">–</td>`;
    return html`<td class="${value === first ? 'same' : 'differs'}"><code>${value}</code></td>`;
  };
  const rows = differences.map(({ path, values: [first = null, ...others] }) => {
    const cells = [first, ...others].map((value) => cell(value, first));
    return html`<tr><th scope="row"><code>${path}</code></th>${cells}</tr>`;
  });
  return html`<h3>Where the configs differ</h3><div class="scroll" tabindex="0" role="region" aria-label="Config differences"><table class="differences">
<thead><tr><th scope="col">Key</th>${runs.map((run, index) => html`<th scope="col"><i class="dot" style="background:var(${runColor(index)})"></i>${run.label}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function runDetails(run: ReportRun, index: number): Html {
  const rows = [['Folder', run.folder] as const, ...run.environment].map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  );
  return html`<article class="run-card" style="--run:var(${runColor(index)})"><h3>${run.label}${run.quick === null ? null : html` ${quickMark}`}</h3>
<dl>${rows}</dl>
<details><summary>Whole config</summary><pre><code>${run.configText}</code></pre></details></article>`;
}
