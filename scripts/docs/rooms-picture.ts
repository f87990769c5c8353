/**
 * Draws which folder of `src/` may import which, from the rules that lint enforces. Of the arrows that follow from others
 * (`cli` over `training` to `torch`) none is drawn.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { instance } from '@viz-js/viz';
import { project } from './project.js';

/** Folders that every other may import are named beside the picture instead. */
const foundations = ['errors', 'format', 'registry', 'files'];

interface Rule {
  readonly name: string;
  readonly from: { readonly path?: string };
  readonly to: { readonly pathNot?: string | readonly string[] };
}

export async function roomsPicture(): Promise<string> {
  const viz = await instance();
  const svg = viz.renderString(dotText(withoutShortcuts(allowedImports())), { format: 'svg' });
  const picture = svg
    .slice(svg.indexOf('<svg'))
    .replace(/<title>.*?<\/title>\n/g, '')
    .trim();
  return `${picture.replace('>', '>\n<title>Which room of src/ imports which</title>')}\n`;
}

/** Returns the rooms that each room may import, by the rules named `room-…`; the command line may import all. */
function allowedImports(): Map<string, Set<string>> {
  const { forbidden } = createRequire(import.meta.url)(join(project, '.dependency-cruiser.cjs')) as {
    forbidden: readonly Rule[];
  };
  const imports = new Map<string, Set<string>>();
  for (const { name, to } of forbidden) {
    const room = /^room-(.+)$/.exec(name)?.[1];
    if (room === undefined || foundations.includes(room)) continue;
    const allowed = /\(([^)]*)\)/.exec(String(to.pathNot))?.[1]?.split('|') ?? [];
    imports.set(room, new Set(allowed.filter((other) => other !== room && !foundations.includes(other))));
  }
  return imports.set('cli', new Set(imports.keys()));
}

/** Returns the same without arrows that a longer way implies. */
function withoutShortcuts(imports: ReadonlyMap<string, ReadonlySet<string>>): Map<string, string[]> {
  const reaches = (from: string, to: string): boolean =>
    from === to || [...(imports.get(from) ?? [])].some((next) => reaches(next, to));
  return new Map(
    [...imports].map(([room, below]) => [
      room,
      [...below].filter((target) => ![...below].some((other) => other !== target && reaches(other, target))),
    ]),
  );
}

function dotText(arrows: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...arrows].flatMap(([room, below]) => below.map((target) => `  "${room}" -> "${target}"`));
  return [
    'digraph {',
    '  bgcolor="white"; rankdir=TB; ranksep=0.35; nodesep=0.3; pad=0.2',
    '  node [shape=box, style="rounded,filled", fillcolor="#eef2f7", color="#8a9bb0", fontname="Helvetica,Arial,sans-serif", fontsize=13, height=0.36, margin="0.14,0.04"]',
    '  edge [color="#8a9bb0", arrowsize=0.6]',
    ...lines,
    '  "torch" -> "native addon" -> "libtorch"',
    '  "native addon" [fillcolor="#f6efe2"]; "libtorch" [fillcolor="#f6efe2"]',
    '}',
  ].join('\n');
}
