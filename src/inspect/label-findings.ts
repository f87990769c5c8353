/** Finds problems in the content of label files: labels of no class, and the mistakes that most often cause them. */

import type { ClassList } from '../data/index.js';
import { ignoreIndex } from '../data/index.js';
import type { Finding } from './dataset-inspection.js';
import { colorKey, colorOf, type LabelTally } from './label-tally.js';
import type { SetTally } from './scan.js';

const shownLabels = 6;

/** Returns findings about one label folder: unknown values and colors, and splits without any labeled pixel. */
export function labelFindings(labels: string, { tally, classList }: LabelsOfSet): Finding[] {
  const findings: Finding[] = [];
  const count = classList.classes.length;
  const values = tally.all.unknown('value');
  if (values.files > 0) {
    findings.push({
      code: 'unknown-label',
      split: null,
      labels,
      message:
        `${listed(values.found.map(String))} ${values.found.length === 1 ? 'is no class' : 'are no classes'}: ` +
        `classes.json has ${count}, so values 0–${count - 1} and ${ignoredValues(classList)}`,
      remedy: valueRemedy(tally.all, classList),
      count: values.files,
      examples: values.examples,
    });
  }
  const colors = tally.all.unknown('color');
  if (colors.files > 0) {
    findings.push({
      code: 'unknown-color',
      split: null,
      labels,
      message: `RGB masks hold ${
        tally.all.tooManyColors ? 'more than 256 colors' : colorWords(colors.found)
      } that classes.json gives to no class`,
      remedy: colorRemedy(tally.all),
      count: colors.files,
      examples: colors.examples,
    });
  }
  for (const [split, inSplit] of tally.bySplit) {
    if (inSplit.files === 0 || inSplit.labeledPixels > 0) continue;
    if (inSplit.unknown('value').files + inSplit.unknown('color').files > 0) continue;
    findings.push({
      code: 'nothing-labeled',
      split,
      labels,
      message: `not one pixel is labeled in ${inSplit.files} files looked at`,
      remedy: 'label some, or train on another split',
      count: inSplit.files,
      examples: [],
    });
  }
  return findings;
}

/** Holds the counts of one label folder and the class list that gives its values a meaning. */
export interface LabelsOfSet {
  readonly tally: SetTally;
  readonly classList: ClassList;
}

/**
 * Returns notes about likely mistakes that leave every value valid, so that training would silently learn wrong
 * labels.
 */
export function labelHints(labels: string, { tally, classList }: LabelsOfSet): string[] {
  const { values, colors, forms } = tally.all;
  const hints: string[] = [];
  const seen = [...values.keys()].sort((a, b) => a - b);
  if (seen.length === 2 && seen[0] === 0 && seen[1] === ignoreIndex) {
    hints.push(
      `${labels}: only 0 and 255 occur, and 255 means "not labeled"; if 255 is the foreground, save it as 1`,
    );
  }
  const classCount = classList.classes.length;
  const labeled = seen.filter((value) => value !== ignoreIndex);
  if (
    classCount > 2 &&
    labeled.length === classCount - 1 &&
    labeled[0] === 1 &&
    tally.all.unknown('value').files === 0
  ) {
    hints.push(
      `${labels}: every class but the first is used, from value 1 on; if the values begin at 1, the list is off by one`,
    );
  }
  if (forms.has('RGB') || forms.has('RGBA')) {
    const black = classList.classes.find(({ color }) => colorKey(...color) === 0)?.name ?? '"not labeled"';
    hints.push(`${labels}: RGB masks, read by the colors in classes.json; black means ${black}`);
  }
  const allGray = [...colors.keys()]
    .map(colorOf)
    .every(([red, green, blue]) => red === green && green === blue);
  if (colors.size > 1 && allGray) {
    hints.push(
      `${labels}: the three channels are equal everywhere; if they hold class indices, save one of them as 8-bit gray`,
    );
  }
  if (forms.has('palette') && values.size > 0) {
    hints.push(`${labels}: palette PNGs, of which the index is the class`);
  }
  return hints;
}

/** Returns advice for the likeliest cause of values outside the list. */
function valueRemedy(tally: LabelTally, classList: ClassList): string {
  const { found } = tally.unknown('value');
  const count = classList.classes.length;
  const [only] = found;
  if (found.length === 1 && only === count) {
    const shift = 'subtract 1 from every value (0 becomes 255)';
    return tally.values.has(0)
      ? `0–${count} for ${count} classes: if 0 is the background, ${shift}, or list it first, as a class`
      : `values begin at 1 here: ${shift}, or list an entry for 0 first`;
  }
  if (found.length === 1 && !tally.values.has(ignoreIndex) && classList.ignoredValue === ignoreIndex) {
    return `if ${only} means "not labeled", write "ignoreIndex": ${only} into classes.json`;
  }
  return 'list the missing classes in classes.json, or save such pixels as 255';
}

function colorRemedy({ tooManyColors }: LabelTally): string {
  return tooManyColors
    ? 'edges are blended or the masks were saved as JPEG: export them again without smoothing'
    : 'add them to classes.json, or make them black, which means "not labeled"';
}

function ignoredValues({ ignoredValue }: ClassList): string {
  return ignoredValue === ignoreIndex ? '255 for "not labeled"' : `${ignoredValue} and 255 for "not labeled"`;
}

function colorWords(found: readonly number[]): string {
  const shown = found.map((key) => `(${colorOf(key).join(', ')})`);
  return `${found.length} ${found.length === 1 ? 'color' : 'colors'}, ${listed(shown)},`;
}

function listed(words: readonly string[]): string {
  const shown = words.slice(0, shownLabels).join(', ');
  return words.length > shownLabels ? `${shown}, … (${words.length} in all)` : shown;
}
