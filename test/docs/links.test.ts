// Links between documents lead to files and headings that exist, and every page of the site is in a sidebar.

import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { guide, type NavigationItem, projectPages, reference } from '../../docs/.vitepress/navigation.js';
import { documents, project, readDocument } from './markdown.js';

interface Link {
  readonly document: string;
  readonly path: string;
  readonly anchor: string | undefined;
}

const links: Link[] = documents.flatMap((document) =>
  [...withoutCode(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
    ([, path = '', anchor]) => ({ document, path, anchor }),
  ),
);

test('links lead to files', () => {
  expect(links.length).toBeGreaterThan(50);
  const broken = links.filter(({ document, path }) => !existsSync(target(document, path)));
  expect(broken).toEqual([]);
});

test('anchors are headings, as the site and a code host name them', () => {
  const broken = links.filter(({ document, path, anchor }) => {
    if (anchor === undefined) return false;
    const file = path === '' ? document : normalize(join(dirname(document), path));
    return !documents.includes(file) || !headings(file).has(anchor);
  });
  expect(broken).toEqual([]);
});

test('every page is in a sidebar, and every link of a sidebar is a page', () => {
  const linked = [...guide, ...reference, ...projectPages].flatMap(linksOf).map(pageOf);
  // The home page has the navigation of its own.
  const pages = documents.filter((document) => /^docs\/(?!index\.md)/.test(document));
  expect(linked.sort()).toEqual(pages.sort());
});

function target(document: string, path: string): string {
  return join(project, dirname(document), path);
}

function withoutCode(document: string): string {
  return readDocument(document).replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** Returns the anchors that both the site and a code host give to the headings of a document. */
function headings(document: string): Set<string> {
  const titles = [...withoutCode(document).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title.replaceAll('`', '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'),
  );
  return new Set(titles.filter((title) => siteAnchor(title) === hostAnchor(title)).map(siteAnchor));
}

function siteAnchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[\s~`!@#$%^&*()\-_+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .replace(/^(?=\d)/, '_');
}

function hostAnchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function linksOf({ link, items = [] }: NavigationItem): string[] {
  return [...(link === undefined ? [] : [link]), ...items.flatMap(linksOf)];
}

function pageOf(link: string): string {
  return `docs${link.endsWith('/') ? `${link}index` : link}.md`;
}
