/** `coarsely coarsen errors FINE OUT` puts errors into exact labels, to judge what finds them. */

import { Command, InvalidArgumentError, Option } from 'commander';
import type { LabelErrorKind } from '../../../coarsen/index.js';
import { wholeNumber } from '../../options/parse-options.js';
import { classesOption, type LabelReading, labelEncodingOption, readClassesNear } from './classes-near.js';

const example = `
Writes a copy of every label PNG in which a share of the objects is wrong: labeled as what lies around them (drop), given
another class (swap), or drawn some pixels beside their place (shift). OUT/errors.json lists each error.

Example:
  $ coarsely coarsen errors my-dataset/fine my-dataset/fine-swap --kind swap --share 0.1`;

interface CoarsenErrorsOptions extends LabelReading {
  readonly kind: LabelErrorKind;
  readonly share: number;
  readonly seed: number;
}

export function coarsenErrorsCommand(): Command {
  return new Command('errors')
    .description('put errors into exact labels, to judge how well they are found')
    .argument('<fine>', 'folder of label PNGs; subfolders are kept')
    .argument('<out>', 'folder for the PNGs with errors; existing files are never overwritten')
    .addOption(
      new Option('--kind <kind>', 'kind of errors').choices(['drop', 'swap', 'shift']).default('swap'),
    )
    .option('--share <n>', 'share of the objects that get an error', shareOfObjects, 0.1)
    .option('--seed <n>', 'seed of every random draw', wholeNumber, 0)
    .addOption(classesOption())
    .addOption(labelEncodingOption())
    .addHelpText('after', example)
    .action(coarsenErrors);
}

async function coarsenErrors(
  fine: string,
  out: string,
  { kind, share, seed, labelEncoding, classes }: CoarsenErrorsOptions,
): Promise<void> {
  const { injectErrorsIntoFolder } = await import('../../../coarsen/index.js');
  const { counted, formatPercent } = await import('../../../format/index.js');
  const classList = await readClassesNear(fine, classes);
  const result = await injectErrorsIntoFolder(fine, out, { kind, share, seed, classList, labelEncoding });
  const wrong = formatPercent(result.wrongPixels / result.labeledPixels, { decimals: 2, sign: true });
  process.stdout.write(
    `wrote ${counted(result.files, 'label file')} with ${counted(result.errors, 'error')} to ${out}; ${wrong} of the labeled pixels are wrong\n`,
  );
}

function shareOfObjects(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('expected a number above 0 and at most 1.');
  return share;
}
