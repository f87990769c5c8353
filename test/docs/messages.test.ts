// The messages in the troubleshooting page are messages of the program.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project, readDocument } from './markdown.js';

/** All sources as one text, in which a message that is broken over lines stands in one piece. */
const sources = ['src', 'scripts']
  .flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(project, folder, name), 'utf8')),
  )
  .join('\n')
  .replaceAll(/['"`]\s*\+\s*['"`]/g, '');

const messages = [...readDocument('docs/troubleshooting.md').matchAll(/^\| (`.*?`) \|/gm)].map(
  ([, message = '']) => message,
);

test('there are messages', () => expect(messages.length).toBeGreaterThan(25));

test.each(messages)('%s', (message) => {
  const parts = message.replaceAll('`', '').split('…');
  for (const part of parts.filter((text) => text.trim() !== ''))
    expect(sources.includes(part), part).toBe(true);
});
