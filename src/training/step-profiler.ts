/**
 * Measures a number of training steps: time and peak memory of each phase, and the time of every operator. The training
 * loop announces each phase by `enter`; a run without a profiler pays nothing.
 */

import type { OperatorProfile, PhaseProfile, Profile, ProfilePhase } from '../runs/index.js';
import { profilePhases } from '../runs/internal.js';
import { type Device, memory, resetPeakMemory, threads, tidy, zeros } from '../torch/index.js';
import { setOperatorPhase, startOperatorTimes, stopOperatorTimes } from '../torch/internal.js';

export interface StepProfilerOptions {
  /** Sets the number of steps that are measured. */
  readonly steps?: number;
  /** Sets the number of steps before them that are not measured, because the first ones compile kernels and fill caches. */
  readonly warmUp?: number;
  readonly device: Device;
  readonly precision: string;
  /** Is called before the peak of the allocator is reset, which others may measure too. */
  readonly beforeReset?: () => void;
}

/** Limits the operators that a profile lists. */
const listedOperators = 40;

/** Marks operators of evaluations and checkpoints, which belong to no step. */
const outsideOfSteps = -1;

/** Measures the first steps of a run after some that warm up. */
export class StepProfiler implements Disposable {
  readonly #options: StepProfilerOptions & { readonly steps: number };
  readonly #seconds = new Map<ProfilePhase, number>();
  readonly #peaks = new Map<ProfilePhase, number>();
  #waiting: number;
  #measured = 0;
  #firstStep = 0;
  #phase: ProfilePhase | null = null;
  #since = 0;
  #state: 'waiting' | 'measuring' | 'ended' = 'waiting';

  constructor({ steps = 20, warmUp = 3, ...options }: StepProfilerOptions) {
    this.#options = { steps, ...options };
    this.#waiting = warmUp;
  }

  /** Ends the current phase and begins another. The host waits for the device here while steps are measured. */
  enter(phase: ProfilePhase): void {
    if (this.#state === 'ended' || this.#waiting > 0) return;
    if (this.#state === 'waiting') {
      startOperatorTimes();
      this.#state = 'measuring';
    }
    this.#leave();
    setOperatorPhase(profilePhases.indexOf(phase));
    this.#options.beforeReset?.();
    resetPeakMemory();
    this.#phase = phase;
    this.#since = performance.now();
  }

  /**
   * Ends the run's `step`-th step.
   * @returns the profile when this was the last step to measure, else null
   */
  endStep(step: number): Profile | null {
    if (this.#state === 'ended') return null;
    if (this.#state === 'waiting') {
      this.#waiting -= 1;
      return null;
    }
    this.#leave();
    setOperatorPhase(outsideOfSteps);
    if (this.#measured === 0) this.#firstStep = step;
    this.#measured += 1;
    return this.#measured < this.#options.steps ? null : this.finish();
  }

  /** Stops measuring and returns the profile of the steps so far; null when there is none or it was returned before. */
  finish(): Profile | null {
    if (this.#state !== 'measuring') return null;
    this.#state = 'ended';
    const steps = this.#measured;
    const operators: OperatorProfile[] = stopOperatorTimes()
      .filter(({ phase }) => phase !== outsideOfSteps)
      .map(({ phase, name, calls, seconds }) => ({
        name,
        phase: profilePhases[phase] as ProfilePhase,
        calls: calls / steps,
        seconds: seconds / steps,
      }))
      .sort((one, other) => other.seconds - one.seconds)
      .slice(0, listedOperators);
    if (steps === 0) return null;
    const phases: PhaseProfile[] = profilePhases.map((phase) => ({
      phase,
      seconds: (this.#seconds.get(phase) ?? 0) / steps,
      peakBytes: this.#peaks.get(phase) ?? 0,
    }));
    const { device, precision } = this.#options;
    return { steps, firstStep: this.#firstStep, device, threads: threads(), precision, phases, operators };
  }

  /** Stops measuring, also after an error. */
  [Symbol.dispose](): void {
    if (this.#state === 'measuring') stopOperatorTimes();
    this.#state = 'ended';
  }

  #leave(): void {
    if (this.#phase === null) return;
    const { device } = this.#options;
    if (device !== 'cpu') tidy(() => zeros([1], { dtype: 'float32', device }).item());
    const seconds = (performance.now() - this.#since) / 1000;
    this.#seconds.set(this.#phase, (this.#seconds.get(this.#phase) ?? 0) + seconds);
    this.#peaks.set(this.#phase, Math.max(this.#peaks.get(this.#phase) ?? 0, memory().peakBytes));
    this.#phase = null;
  }
}
