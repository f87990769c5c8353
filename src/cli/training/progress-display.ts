/** Shows a training while it runs: live lines on a terminal, plain ones in a log file. */

import { createLogUpdate } from 'log-update';
import color from 'picocolors';
import { formatBytes, formatDuration, formatNumber, formatPercent } from '../../format/index.js';
import type { TrainingEvent } from '../../training/index.js';
import { WaitMeter } from '../../training/internal.js';

type StepEvent = Extract<TrainingEvent, { type: 'step' }>;

/** Shows training events; `close` leaves the last state on the screen. */
export interface ProgressDisplay {
  show(event: TrainingEvent): void;
  /** Prints a line of its own, above the live ones. */
  print(line: string): void;
  close(): void;
}

/** Configures a display. */
export interface ProgressDisplayOptions {
  /** Gives the run's name, for the first line. */
  readonly name: string;
  /** Steps between two plain lines. */
  readonly logEvery: number;
  /** Names the device that computes; the tensors that are counted are those in the memory of the host. */
  readonly device?: string;
  readonly stream?: NodeJS.WriteStream;
}

/** Shows nothing, for a process whose progress another one shows. */
export const noDisplay: ProgressDisplay = {
  show: () => undefined,
  print: () => undefined,
  close: () => undefined,
};

/** Returns a live display when the stream is a terminal, and a plain one otherwise. */
export function createProgressDisplay(options: ProgressDisplayOptions): ProgressDisplay {
  const stream = options.stream ?? process.stdout;
  return stream.isTTY ? liveDisplay(options, stream) : plainDisplay(options, stream);
}

function plainDisplay(options: ProgressDisplayOptions, stream: NodeJS.WriteStream): ProgressDisplay {
  const { logEvery } = options;
  const clock = new StepClock();
  const phases = new PhaseLines();
  // Of the steps since the last line, some may have been logged without a line of their own.
  let memory: StepEvent['memory'] = null;
  const print = (line: string) => void stream.write(`${line}\n`);
  return {
    print,
    show(event) {
      if (event.type !== 'step') {
        for (const line of phases.linesOf(event)) print(line);
        return;
      }
      clock.note(event);
      const last = event.step === event.iterations;
      memory = highest(memory, event.memory);
      if (event.step % logEvery !== 0 && !last) return;
      const shown = measurements({ ...event, memory }, { clock, options });
      memory = null;
      print(`step ${event.step}/${event.iterations}  ${shown.join('  ')}`);
    },
    close: () => undefined,
  };
}

function liveDisplay(options: ProgressDisplayOptions, stream: NodeJS.WriteStream): ProgressDisplay {
  const { name } = options;
  const update = createLogUpdate(stream);
  const clock = new StepClock();
  const phases = new PhaseLines();
  let latest: StepEvent | undefined;
  const draw = () => {
    if (latest === undefined) return;
    const share = latest.step / latest.iterations;
    update(
      `${color.bold(name)}  ${bar(share)}  step ${latest.step}/${latest.iterations}\n` +
        `${measurements(latest, { clock, options }).join(color.dim('  ·  '))}`,
    );
  };
  const print = (line: string) => {
    update.clear();
    stream.write(`${line}\n`);
    draw();
  };
  return {
    print,
    show(event) {
      if (event.type === 'step') {
        clock.note(event);
        // Loss and memory are read at logged steps only; at the others the last ones stay on the screen.
        latest = {
          ...event,
          loss: event.loss ?? latest?.loss ?? null,
          memory: event.memory ?? latest?.memory ?? null,
        };
        draw();
      } else if (event.type !== 'checkpoint') {
        for (const line of phases.linesOf(event)) print(line);
      }
    },
    close() {
      draw();
      update.done();
    },
  };
}

/** Returns the higher peak, with the latest size of the process. */
function highest(before: StepEvent['memory'], now: StepEvent['memory']): StepEvent['memory'] {
  if (before === null || now === null) return now ?? before;
  return { ...now, peakTensorBytes: Math.max(before.peakTensorBytes, now.peakTensorBytes) };
}

function measurements(
  event: StepEvent,
  { clock, options }: { readonly clock: StepClock; readonly options: ProgressDisplayOptions },
): string[] {
  const tensors = (options.device ?? 'cpu') === 'cpu' ? 'tensor peak' : 'host tensor peak';
  return [
    `loss ${formatNumber(event.loss, { decimals: 4 })}`,
    `learning rate ${formatNumber(event.learningRate)}`,
    event.unit === 'images'
      ? `${formatNumber(event.perSecond, { decimals: 1 })} images/s`
      : `${formatNumber(event.perSecond / 1e6, { decimals: 2 })} million pixels/s`,
    `data wait ${formatPercent(clock.waiting, { decimals: 0, sign: true })}`,
    ...(event.memory === null
      ? []
      : [
          `${tensors} ${formatBytes(event.memory.peakTensorBytes)}`,
          `process ${formatBytes(event.memory.residentBytes)}`,
        ]),
    `ETA ${formatDuration(clock.remaining(event))}`,
  ];
}

/** Writes the lines of all events but steps, with the time of each phase for runs that compute features first. */
class PhaseLines {
  #features: number | null = null;
  #shown = 0;

  linesOf(event: Exclude<TrainingEvent, StepEvent>): string[] {
    if (event.type === 'features') return this.#featureLines(event);
    if (event.type !== 'evaluation' || this.#features === null) return [sentence(event)];
    const { steps, evaluation } = event.seconds;
    const times = { features: this.#features, head: steps, evaluation };
    const shown = Object.entries(times).map(
      ([phase, seconds]) => `${phase} ${formatNumber(seconds, { decimals: 1 })} s`,
    );
    return [sentence(event), shown.join('  ')];
  }

  /** Writes a line for every tenth of the images. */
  #featureLines({ done, total, seconds }: Extract<TrainingEvent, { type: 'features' }>): string[] {
    this.#features = seconds;
    const tenth = Math.floor((10 * done) / total);
    if (tenth === this.#shown && done < total) return [];
    this.#shown = tenth;
    return [`features of ${done}/${total} images  ${formatNumber(seconds, { decimals: 1 })} s`];
  }
}

function sentence(event: Exclude<TrainingEvent, StepEvent | { readonly type: 'features' }>): string {
  switch (event.type) {
    case 'start': {
      const millions = formatNumber(event.parameters / 1e6, { decimals: 2 });
      const from = event.resumedFrom === null ? '' : `, resumed from step ${event.resumedFrom}`;
      const frozen =
        event.frozen === 0
          ? ''
          : ` (${formatNumber(event.frozen / 1e6, { decimals: 2 })} million of them frozen)`;
      return `training ${millions} million parameters${frozen} for ${event.iterations} steps${from}`;
    }
    case 'evaluation': {
      const { mIoU, mAcc, aAcc } = event.values;
      const scores = [
        `mIoU ${formatPercent(mIoU)}`,
        `mAcc ${formatPercent(mAcc)}`,
        `aAcc ${formatPercent(aAcc)}`,
      ];
      return `step ${event.step}  evaluation  ${scores.join('  ')}`;
    }
    case 'leftOut':
      return `evaluation skipped ${event.line}`;
    case 'checkpoint':
      return `step ${event.step}  checkpoint ${event.path}`;
    case 'notice':
      return `note: ${event.message}`;
    default:
      return event satisfies never;
  }
}

function bar(share: number): string {
  const width = 30;
  const filled = Math.round(width * Math.min(1, share));
  return color.green('█'.repeat(filled)) + color.dim('░'.repeat(width - filled));
}

/** Estimates the remaining time from the steps seen so far, without the first, which may be slower. */
class StepClock {
  #firstStep: number | undefined;
  #firstTime = 0;
  #secondsPerStep = Number.NaN;
  readonly #meter = new WaitMeter();

  note(event: StepEvent): void {
    const { step } = event;
    this.#meter.note(event);
    const now = performance.now();
    if (this.#firstStep === undefined) {
      this.#firstStep = step;
      this.#firstTime = now;
    } else if (step > this.#firstStep) {
      this.#secondsPerStep = (now - this.#firstTime) / 1000 / (step - this.#firstStep);
    }
  }

  /** Gives the share of the last steps that was spent waiting for data, 0..1; null before the second step. */
  get waiting(): number | null {
    return this.#meter.share;
  }

  /** Returns the seconds to the last step; NaN before the second step. */
  remaining({ step, iterations }: StepEvent): number {
    return this.#secondsPerStep * (iterations - step);
  }
}
