/** `coarsely report RUN…` writes one page about a run, or about several side by side. */

import { Command } from 'commander';
import { printLeftOut } from '../../output/print-left-out.js';

const example = `
The report is one HTML file that needs no other: scores by class, curves, learned weights and example images.

Example:
  $ coarsely report runs/folder-arm
  $ coarsely report runs/folder-cross-entropy runs/folder-arm --out comparison.html`;

export function reportCommand(): Command {
  return new Command('report')
    .description('write an HTML report of one run, or of several runs side by side')
    .argument('<run...>', 'run folders')
    .option('--out <file>', 'the file to write; by default report.html in the first run')
    .addHelpText('after', example)
    .action(async (runs: string[], { out }: { readonly out?: string }) => {
      const { writeReport } = await import('../../../report/index.js');
      const file = await writeReport(runs, {
        ...(out !== undefined && { outFile: out }),
        onLeftOut: printLeftOut,
      });
      process.stdout.write(`wrote ${file}\n`);
    });
}
