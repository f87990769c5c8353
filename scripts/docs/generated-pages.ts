/** The pages of `docs/` that are written by programs: committed, so that a code host shows them, and held to the code. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { commandsPage } from './commands-page.js';
import { componentsPage } from './components-page.js';
import { configurationPage } from './configuration-page.js';
import { project } from './project.js';
import { roomsPicture } from './rooms-picture.js';

/** Returns the text of every generated file by its path in the project; src must be compiled. */
export async function generatedPages(): Promise<Map<string, string>> {
  const main = pathToFileURL(join(project, 'dist/cli/program.js')).href;
  const { createProgram } = (await import(main)) as { createProgram(): Command };
  return new Map([
    ['docs/reference/commands.md', marked(commandsPage(createProgram()))],
    ['docs/reference/components.md', marked(componentsPage())],
    ['docs/reference/configuration.md', marked(configurationPage())],
    ['docs/images/rooms.svg', await roomsPicture()],
  ]);
}

/** Returns the page with a front matter that gives its tables the whole width, and a note for editors. */
function marked(page: string): string {
  return `---\naside: false\npageClass: reference\n---\n\n<!-- Written by \`npm run generate:docs\`; edits are lost. -->\n\n${page}`;
}
