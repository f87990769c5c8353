/** Checks what error messages make of the names and values that they quote from files. */

import { DataError } from 'coarsely/errors';
import { expect, test } from 'vitest';

test('a message shows no control characters and no endless names', () => {
  const label = '\u001b[2Jroad\r';
  const { message } = new DataError(`a.json: label '${label}' is unknown\nuse 'sky'\tor ${'x'.repeat(5000)}`);
  expect(message.split('\n')[0]).toBe("a.json: label '?[2Jroad?' is unknown");
  expect(message).toContain("\nuse 'sky'\tor xxx");
  expect(message.length).toBeLessThan(900);
});

test('paths, signs and other alphabets stay as they are', () => {
  const text = `${'/folder'.repeat(100)}/Größe/図.png: expected 3 – 4 × 5, received '🙂'`;
  expect(new DataError(text).message).toBe(text);
});
