/** Where the time and memory of training steps went, for the runs that were profiled. */
import type { Profile } from '../../runs/index.js';
import { explainProfile, phaseNames } from '../explain-profile.js';
import { type Html, html } from '../html.js';
import { type ReportRun, runColor } from '../report-run.js';

const shownOperators = 15;

/** Empty where no run has a profile. */
export function profileSection(runs: readonly ReportRun[]): Html {
  if (runs.every(({ profile }) => profile === null)) return html``;
  return html`<section id="profile" aria-labelledby="profile-title">
<h2 id="profile-title">Time and memory of a step</h2>
${runs.map(({ label, profile }, index) => (profile === null ? null : profiled(profile, { label, index })))}
</section>`;
}

function profiled(profile: Profile, { label, index }: { label: string; index: number }): Html {
  const { steps, firstStep, device, threads, precision, phases, operators } = profile;
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const numbers = (seconds: number) =>
    html`<td>${(1000 * seconds).toFixed(seconds < 0.01 ? 2 : 1)}</td><td>${((100 * seconds) / total).toFixed(1)}</td>`;
  const where = device === 'cpu' ? `${threads} threads` : device;
  return html`<h3><i class="dot" style="background:var(${runColor(index)})"></i>${label}</h3>
<p class="hint">${steps} steps from step ${firstStep}, ${where}, ${precision}. ${explainProfile(profile).join(' ')}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Phases of a step, ${label}"><table class="dense">
<thead><tr><th scope="col">Phase</th><th scope="col">ms a step</th><th scope="col">Share, %</th><th scope="col">Peak memory, GiB</th></tr></thead>
<tbody>${phases.map(({ phase, seconds, peakBytes }) => html`<tr><th scope="row">${phaseNames[phase]}</th>${numbers(seconds)}<td>${(peakBytes / 2 ** 30).toFixed(2)}</td></tr>`)}
<tr><th scope="row">whole step</th>${numbers(total)}<td>${(Math.max(...phases.map(({ peakBytes }) => peakBytes)) / 2 ** 30).toFixed(2)}</td></tr></tbody></table></div>
<div class="scroll" tabindex="0" role="region" aria-label="Operators, ${label}"><table class="dense">
<thead><tr><th scope="col">Operator, its own time</th><th scope="col">Phase</th><th scope="col">Calls a step</th><th scope="col">ms a step</th><th scope="col">Share, %</th></tr></thead>
<tbody>${operators.slice(0, shownOperators).map(({ name, phase, calls, seconds }) => html`<tr><th scope="row"><code>${name}</code></th><td>${phaseNames[phase]}</td><td>${Number(calls.toFixed(1))}</td>${numbers(seconds)}</tr>`)}</tbody></table></div>`;
}
