/**
 * A markdown-it plugin for links that a code host understands and a site does not: files outside `docs/` lead to their
 * page on the site where they have one, to the repository where package.json names it, and else become plain text.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

const docs = join(import.meta.dirname, '..');
const project = join(docs, '..');

/** Documents outside `docs/` that have a page of the site. */
const pages: Readonly<Record<string, string>> = {
  'CHANGELOG.md': '/changelog',
  'CONTRIBUTING.md': '/contributing/',
  'README.md': '/',
  'SECURITY.md': '/security',
};

export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const folder = dirname(join(docs, String(env.relativePath)));
    for (const { children } of tokens) {
      if (!children) continue;
      let dropped = false;
      for (const token of children) {
        if (token.type === 'link_open') {
          const target = targetOf(token.attrGet('href') ?? '', folder);
          dropped = target === null;
          if (target !== null) token.attrSet('href', target);
        }
        if (dropped && token.type.startsWith('link_')) Object.assign(token, { type: 'text', content: '' });
      }
    }
  });
}

/** Returns where a link leads on the site, or null where it leads nowhere. */
function targetOf(href: string, folder: string): string | null {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const file = [folder, project]
    .map((base) => resolve(base, path))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return href;
  const inDocs = relative(docs, file);
  const suffix = anchor === undefined ? '' : `#${anchor}`;
  if (!inDocs.startsWith('..')) return `/${inDocs}${suffix}`;
  const inProject = relative(project, file);
  const page = pages[inProject];
  if (page !== undefined) return `${page}${suffix}`;
  const repository = repositoryUrl();
  return repository === null ? null : `${repository}/blob/main/${inProject}${suffix}`;
}

function repositoryUrl(): string | null {
  const { repository } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    repository?: { readonly url: string };
  };
  return repository?.url.replace(/^git\+/, '').replace(/\.git$/, '') ?? null;
}
