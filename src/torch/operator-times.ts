/** Times of the engine's operators, for a profile. One can be taken at a time in a process, of all its threads. */
import { native } from './native.js';

export interface OperatorTime {
  /** The number given to `setOperatorPhase` when it ran. */
  readonly phase: number;
  /** As the engine calls it: `aten::convolution`, or a node of the graph such as `ConvolutionBackward0`. */
  readonly name: string;
  readonly calls: number;
  /** Its own time, without the operators that it called. On a GPU it is the time to launch it. */
  readonly seconds: number;
}

/** @throws OperationError when times are being taken already */
export function startOperatorTimes(): void {
  native().startProfile();
}

/** Operators from now on belong to this phase, a number of the caller's. */
export function setOperatorPhase(phase: number): void {
  native().setProfilePhase(phase);
}

/** Ends it, and gives what was measured since the start. Nothing is slower afterwards. */
export function stopOperatorTimes(): OperatorTime[] {
  return native()
    .stopProfile()
    .map(([phase, name, calls, seconds]) => ({ phase, name, calls, seconds }));
}
