/** Reports a failed build of the addon that the user can fix; it is printed without a stack. */
export class BuildError extends Error {
  override readonly name: string = 'BuildError';
}

/** Reports that no C++ compiler is installed, and the command that installs one. */
export class MissingCompilerError extends BuildError {
  override readonly name = 'MissingCompilerError';
}
