/** The reason why a file cannot be read is one short line. */

import { expect, test } from 'vitest';
import { unreadableFile } from '#data/images/unreadable-file.js';

test('the lines of a library are joined, and each is told once', () => {
  const cause = new Error(
    'VipsJpeg: premature end\n VipsJpeg: premature end\nno image: a.jpg\nVipsJpeg: premature end',
  );
  const { message } = unreadableFile('a.jpg', { what: 'cannot be decoded', cause });
  expect(message).toBe('a.jpg: cannot be decoded (VipsJpeg: premature end; no image)');
});
