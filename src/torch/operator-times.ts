/** Measures the times of libtorch's operators, in all threads of the process. One measurement can run at a time. */
import { native } from './native.js';

/** Sums the calls of one operator in one phase. */
export interface OperatorTime {
  /** Is the number that `setOperatorPhase` had set when the operator ran. */
  readonly phase: number;
  /** Is libtorch's name: `aten::convolution`, or a node of the graph such as `ConvolutionBackward0`. */
  readonly name: string;
  readonly calls: number;
  /** Measures its own time, without the operators that it called. On a GPU this is the time to launch the operator. */
  readonly seconds: number;
}

/**
 * Starts a measurement.
 *
 * @throws {OperationError} when one is running
 */
export function startOperatorTimes(): void {
  native().startProfile();
}

/** Assigns the operators from now on to a phase, which is any number of the caller's. */
export function setOperatorPhase(phase: number): void {
  native().setProfilePhase(phase);
}

/** Ends the measurement and returns its times. */
export function stopOperatorTimes(): OperatorTime[] {
  return native()
    .stopProfile()
    .map(([phase, name, calls, seconds]) => ({ phase, name, calls, seconds }));
}
