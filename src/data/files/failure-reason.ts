/** Why a file could not be used, in the words of whatever failed, to stand in brackets after the file's name. */

/** One line that neither repeats `path` nor ends in the colon before a detail that never came. */
export function failureReason(cause: unknown, path: string): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .replace(`, open '${path}'`, '')
    .replace(`: ${path}`, '')
    .replace(/[\s:]+$/, '');
}
