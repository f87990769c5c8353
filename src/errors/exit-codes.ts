/** Names the exit codes of the command line other than 0, for scripts and for the processes that start it. */

export const exitCodes = {
  failure: 1,
  /** Says that the command line does not name a command with valid arguments. */
  usage: 2,
  /** Says that the loss of a training became NaN or infinite. */
  diverged: 3,
  /** Says that the process was stopped by Ctrl-C: 128 plus the number of the signal, as a shell reports it. */
  interrupted: 130,
  /** Says that the reader of the output is gone, as in `coarsely recipes | head`. */
  brokenPipe: 141,
} as const;
