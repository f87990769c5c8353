// Every public name has a doc comment whose first sentence is a statement that makes sense in a tooltip.

import { expect, test } from 'vitest';
import { firstSentence, problemOf, publicNames } from './public-names.js';

test.each([
  ['Returns the mean loss.', null],
  ['Returns the mean (Fig. 2) of x. More.', null],
  ['', 'no doc comment'],
  ['What a network makes of an image.', 'opens like a riddle'],
  ['Of the network.', 'opens like a riddle'],
  ['Returns the mean', 'does not end with a period'],
  ['The mean loss of a batch.', 'names a thing'],
  ['Configures `Arm`.', null],
  ['Pixel losses.', 'has fewer than four words'],
])('%j: %s', (text, problem) => {
  const found = problemOf({ text, isMember: false, isFunction: true });
  if (problem === null) expect(found).toBeNull();
  else expect(found).toContain(problem);
});

test('a sentence ends at a period before the next one, not inside a number or an abbreviation', () => {
  expect(firstSentence('Returns 0.5 of it, e.g. half. Then more.')).toBe('Returns 0.5 of it, e.g. half.');
});

test('every public name says what it is in a statement', () => {
  const offenders = publicNames()
    .map((name) => ({ ...name, problem: problemOf(name) }))
    .filter(({ problem }) => problem !== null)
    .map(({ entry, name, place, problem }) => `${place} ${entry} ${name}: ${problem}`);
  expect(offenders).toEqual([]);
});
