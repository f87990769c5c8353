/** Shows the tables of an experiment in the paper's form, with the paper's own numbers in the last columns. */

import type { ReportClaims, ReportTable } from '../experiment-content.js';
import { type Html, html } from '../html.js';

/** Writes one section for each table. */
export function tablesSection(tables: readonly ReportTable[]): Html {
  return html`${tables.map(tableSection)}`;
}

function tableSection({ name, title, heading, labelColumns, rows, claims, remarks }: ReportTable): Html {
  const cell = (text: string, column: number) => {
    if (column === 0) return html`<th scope="row">${text}</th>`;
    return html`<td class="${heading[column]?.startsWith('paper') ? 'paper' : toneOf(text, column >= labelColumns)}">${text}</td>`;
  };
  return html`<section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${title}</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="${name}-title"><table class="dense">
<thead><tr>${heading.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>
${claims === null ? '' : claimsTable(claims, name)}
${remarks.map((remark) => html`<p class="hint">${remark}</p>`)}
</section>`;
}

function claimsTable({ heading, rows }: ReportClaims, name: string): Html {
  const verdict = heading.length - 1;
  const cell = (text: string, column: number) => {
    if (column === 0) return html`<th scope="row">${text}</th>`;
    return html`<td class="${column === verdict ? verdictTone(text) : ''}">${text}</td>`;
  };
  return html`<h3 id="${name}-claims">Claims</h3>
<div class="scroll" tabindex="0" role="region" aria-labelledby="${name}-claims"><table class="dense">
<thead><tr>${heading.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>`;
}

function verdictTone(verdict: string): string {
  if (verdict === 'holds') return 'better';
  return verdict === 'does not hold' ? 'worse' : '';
}

/** Returns the CSS class of a cell; only differences begin with a sign. */
function toneOf(text: string, isNumber: boolean): string {
  if (!isNumber) return '';
  if (text.startsWith('+')) return 'better';
  return text.startsWith('−') ? 'worse' : '';
}
