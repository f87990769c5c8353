/** What the command line ends with, beside 0: for scripts, and for the queue that starts it. */

export const exitCodes = {
  failure: 1,
  /** A command line that makes no sense. */
  usage: 2,
  /** The loss of a training was not finite. */
  diverged: 3,
  /** Ctrl-C, as a shell reports it: 128 and the number of the signal. */
  interrupted: 130,
  /** Whoever read the output went away. */
  brokenPipe: 141,
} as const;
