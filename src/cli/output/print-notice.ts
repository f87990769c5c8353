/** Prints remarks that do not stop a command, such as a key that a config has under its former name. */

const printed = new Set<string>();

/** Writes a notice to stderr, each text once. Of processes that train together, rank 0 prints for all. */
export function printNotice(notice: string): void {
  if (printed.has(notice) || Number(process.env.RANK ?? 0) > 0) return;
  printed.add(notice);
  process.stderr.write(`note: ${notice}\n`);
}
