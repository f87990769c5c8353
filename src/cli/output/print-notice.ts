/** Prints notices about config keys that are given under a former name. */

const printed = new Set<string>();

/** Writes a notice to stderr, each text once. Among processes that train together only rank 0 prints. */
export function printNotice(notice: string): void {
  if (printed.has(notice) || Number(process.env.RANK ?? 0) > 0) return;
  printed.add(notice);
  process.stderr.write(`note: ${notice}\n`);
}
