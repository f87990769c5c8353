/** The reason why a file cannot be read is one short line. */

import { expect, test } from 'vitest';
import { unreadableFile } from '#data/images/unreadable-file.js';

test('the lines of a library are joined, and each is told once', () => {
  const lines = [
    'Input file has corrupt header: VipsJpeg: premature end',
    '  VipsJpeg: premature end',
    'VipsJpeg: bad table',
    'VipsJpeg: premature end',
    'no image: a.jpg',
  ];
  const { message } = unreadableFile('a.jpg', {
    what: 'cannot be decoded',
    cause: new Error(`${lines.join('\n')}\n`),
  });
  expect(message).toBe(
    'a.jpg: cannot be decoded (Input file has corrupt header: VipsJpeg: premature end; VipsJpeg: bad table; no image)',
  );
});
