/**
 * Draws which folder of `src/` may import which, from the rules that lint enforces. Of the arrows that follow from others
 * (`cli` over `training` to `torch`) none is drawn.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { instance } from '@viz-js/viz';
import { project } from './project.js';

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

/**
 * Returns the rooms that each room may import, by the rules named `room-…`; the command line may import all. The lowest
 * room, `torch`, may import the foundations only; these are left out, as every room may import them.
 */
function allowedImports(): Map<string, Set<string>> {
  const { forbidden } = createRequire(import.meta.url)(join(project, '.dependency-cruiser.cjs')) as {
    forbidden: readonly Rule[];
  };
  const allowed = new Map(
    forbidden.flatMap(({ name, to }) => {
      const room = /^room-(.+)$/.exec(name)?.[1];
      const list = /\(([^)]*)\)/.exec(String(to.pathNot))?.[1]?.split('|') ?? [];
      return room === undefined ? [] : [[room, list.filter((other) => other !== room)] as const];
    }),
  );
  const foundations = allowed.get('torch') ?? [];
  const imports = new Map(
    [...allowed]
      .filter(([room]) => !foundations.includes(room))
      .map(([room, list]) => [room, new Set(list.filter((other) => !foundations.includes(other)))]),
  );
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
