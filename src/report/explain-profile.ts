/** What a profile says, in a sentence or two: where a step's time goes, and what can be done about it. */
import type { Profile, ProfilePhase } from '../runs/index.js';

/** Share of a step from which waiting for data is worth a remark. */
const idle = 0.05;

export const phaseNames = {
  data: 'data wait',
  forward: 'forward',
  loss: 'loss',
  backward: 'backward',
  optimizer: 'optimizer',
  other: 'other',
} satisfies Record<ProfilePhase, string>;

/** One remark an element, most telling first. */
export function explainProfile({ phases, operators }: Profile): string[] {
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const percent = (seconds: number) => `${Math.round((100 * seconds) / total)} %`;
  const [longest] = [...phases].sort((one, other) => other.seconds - one.seconds);
  if (longest === undefined || total === 0) return [];
  const convolutions = operators
    .filter(({ name }) => /conv/i.test(name))
    .reduce((sum, { seconds }) => sum + seconds, 0);
  const waiting = phases.find(({ phase }) => phase === 'data')?.seconds ?? 0;
  const remarks = [
    `Most of a step is ${phaseNames[longest.phase]} (${percent(longest.seconds)}); convolutions are ${percent(convolutions)} of all.`,
  ];
  if (waiting > idle * total) {
    remarks.push(
      `Training waits for data ${percent(waiting)} of the time: raise data.workers where cores are free, or lower the images' resolution on disk.`,
    );
  }
  const highest = phases.reduce((most, phase) => (phase.peakBytes > most.peakBytes ? phase : most), longest);
  remarks.push(
    `Memory peaks in ${phaseNames[highest.phase]}: a smaller training.batchSize, training.gradientAccumulationSteps or model.activationCheckpointing lowers it.`,
  );
  return remarks;
}
