/** Explains a profile in a sentence or two: where the time of a step goes, and what can be done about it. */

import { formatPercent } from '../format/index.js';
import type { Profile, ProfilePhase } from '../runs/index.js';

/** Share of a step from which waiting for data is worth a remark. */
const notableWait = 0.05;

/** Names of the phases for people. */
export const phaseNames = {
  data: 'data wait',
  forward: 'forward',
  loss: 'loss',
  backward: 'backward',
  optimizer: 'optimizer',
  other: 'other',
} satisfies Record<ProfilePhase, string>;

/** Returns remarks on a profile, the most important first; none for a profile without time in it. */
export function explainProfile({ phases, operators }: Profile): string[] {
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const share = (seconds: number) => formatPercent(seconds / total, { decimals: 0, sign: true });
  const [longest] = [...phases].sort((one, other) => other.seconds - one.seconds);
  if (longest === undefined || total === 0) return [];
  const convolutions = operators
    .filter(({ name }) => /conv/i.test(name))
    .reduce((sum, { seconds }) => sum + seconds, 0);
  const waiting = phases.find(({ phase }) => phase === 'data')?.seconds ?? 0;
  const remarks = [
    `Most of a step is ${phaseNames[longest.phase]} (${share(longest.seconds)}); convolutions take ${share(convolutions)} of the step.`,
  ];
  if (waiting > notableWait * total) {
    remarks.push(
      `Training waits for data ${share(waiting)} of the time: raise data.workers where cores are free, or lower the images' resolution on disk.`,
    );
  }
  const highest = phases.reduce((most, phase) => (phase.peakBytes > most.peakBytes ? phase : most), longest);
  remarks.push(
    `Memory peaks in ${phaseNames[highest.phase]}: a smaller training.batchSize, training.gradientAccumulationSteps or model.activationCheckpointing lowers it.`,
  );
  return remarks;
}
