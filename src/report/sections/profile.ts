/** Shows where the time and memory of training steps went, for the runs that were profiled. */

import { counted, formatNumber, formatPercent } from '../../format/index.js';
import type { Profile } from '../../runs/index.js';
import { explainProfile, phaseNames } from '../explain-profile.js';
import { type Html, html } from '../html.js';
import { type ReportRun, runColor } from '../report-run.js';

const shownOperators = 15;

/** Writes the section; empty where no run has a profile. */
export function profileSection(runs: readonly ReportRun[]): Html {
  if (runs.every(({ profile }) => profile === null)) return html``;
  return html`<section id="profile" aria-labelledby="profile-title">
<h2 id="profile-title">Time and memory of a step</h2>
${runs.map(({ label, profile }, index) => (profile === null ? null : profileTables(profile, { label, index })))}
</section>`;
}

function profileTables(profile: Profile, { label, index }: { label: string; index: number }): Html {
  const { steps, firstStep, device, threads, precision, phases, operators } = profile;
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const highest = Math.max(...phases.map(({ peakBytes }) => peakBytes));
  const time = (seconds: number) =>
    html`<td>${formatNumber(1000 * seconds, { decimals: seconds < 0.01 ? 2 : 1 })}</td><td>${formatPercent(seconds / total)}</td>`;
  const memory = (bytes: number) => html`<td>${formatNumber(bytes / 2 ** 30, { decimals: 2 })}</td>`;
  const phaseRows = phases.map(
    ({ phase, seconds, peakBytes }) =>
      html`<tr><th scope="row">${phaseNames[phase]}</th>${time(seconds)}${memory(peakBytes)}</tr>`,
  );
  const operatorRows = operators
    .slice(0, shownOperators)
    .map(
      ({ name, phase, calls, seconds }) =>
        html`<tr><th scope="row"><code>${name}</code></th><td>${phaseNames[phase]}</td><td>${formatNumber(calls)}</td>${time(seconds)}</tr>`,
    );
  const place = device === 'cpu' ? counted(threads, 'thread') : device;
  return html`<h3><i class="dot" style="background:var(${runColor(index)})"></i>${label}</h3>
<p class="hint">${counted(steps, 'step')} from step ${firstStep}, ${place}, ${precision}. ${explainProfile(profile).join(' ')}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Phases of a step, ${label}"><table class="dense">
<thead><tr><th scope="col">Phase</th><th scope="col">ms a step</th><th scope="col">Share, %</th><th scope="col">Peak memory, GiB</th></tr></thead>
<tbody>${phaseRows}
<tr><th scope="row">whole step</th>${time(total)}${memory(highest)}</tr></tbody></table></div>
<div class="scroll" tabindex="0" role="region" aria-label="Operators, ${label}"><table class="dense">
<thead><tr><th scope="col">Operator, its own time</th><th scope="col">Phase</th><th scope="col">Calls a step</th><th scope="col">ms a step</th><th scope="col">Share, %</th></tr></thead>
<tbody>${operatorRows}</tbody></table></div>`;
}
