/** Writes the profile of a run as tables for a terminal. */

import { counted, formatBytes, formatNumber, formatPercent, formatTable } from '../../../format/index.js';
import { explainProfile, phaseNames } from '../../../report/internal.js';
import type { Profile } from '../../../runs/index.js';

const shownOperators = 12;

/** Returns both tables, of phases and of operators, and what follows from them. */
export function profileText(profile: Profile): string {
  const { steps, firstStep, device, threads, precision, phases, operators } = profile;
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const highest = Math.max(...phases.map(({ peakBytes }) => peakBytes));
  const share = (seconds: number) => formatPercent(seconds / total, { sign: true });
  const place = device === 'cpu' ? counted(threads, 'thread') : device;
  const span = steps === 1 ? `step ${firstStep}` : `steps ${firstStep} to ${firstStep + steps - 1}`;
  const phaseTable = formatTable([
    ['phase', 'ms/step', 'share', 'peak memory'],
    ...phases.map(({ phase, seconds, peakBytes }) => [
      phaseNames[phase],
      milliseconds(seconds),
      share(seconds),
      formatBytes(peakBytes),
    ]),
    ['whole step', milliseconds(total), '', formatBytes(highest)],
  ]);
  const operatorTable = formatTable([
    ['operator (its own time)', 'phase', 'calls/step', 'ms/step', 'share'],
    ...operators
      .slice(0, shownOperators)
      .map(({ name, phase, calls, seconds }) => [
        name,
        phaseNames[phase],
        formatNumber(Number(calls.toFixed(1))),
        milliseconds(seconds),
        share(seconds),
      ]),
  ]);
  return [
    `profile of ${span} (${place}, ${precision})`,
    phaseTable,
    '',
    operatorTable,
    '',
    ...explainProfile(profile),
  ].join('\n');
}

function milliseconds(seconds: number): string {
  return formatNumber(1000 * seconds, { decimals: seconds < 0.01 ? 2 : 1 });
}
