/** Implements `coarsely report`, which writes one page about a run or about several compared. */

import { Command } from 'commander';

const example = `
The page is one self-contained HTML file: scores by class, curves, the learned weights, and example images.

Example:
  $ coarsely report runs/folder-arm
  $ coarsely report runs/folder-cross-entropy runs/folder-arm --out comparison.html`;

export function reportCommand(): Command {
  return new Command('report')
    .description('write an HTML report of one run, or of several compared')
    .argument('<run...>', 'run folders')
    .option(
      '--out <file>',
      'the file to write; by default report.html in the run, or in the first of several',
    )
    .addHelpText('after', example)
    .action(async (runs: string[], { out }: { readonly out?: string }) => {
      const { writeReport } = await import('../../../report/index.js');
      const file = await writeReport(runs, out === undefined ? {} : { outFile: out });
      process.stdout.write(`wrote ${file}\n`);
    });
}
