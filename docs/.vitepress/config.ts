/** The documentation's site: its navigation, its sidebars, and where links to other files of the repository lead. */

import { existsSync, readFileSync } from 'node:fs';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { guide, projectPages, reference } from './navigation.js';
import { repositoryLinks } from './repository-links.js';

const project = new URL('../../', import.meta.url);
const { description, version } = JSON.parse(readFileSync(new URL('package.json', project), 'utf8')) as {
  description: string;
  version: string;
};

/** Written by TypeDoc; absent while pages are edited without it. */
const apiSidebarFile = new URL('docs/api/typedoc-sidebar.json', project);
const apiSidebar = existsSync(apiSidebarFile)
  ? (JSON.parse(readFileSync(apiSidebarFile, 'utf8')) as DefaultTheme.SidebarItem[])
  : [];

const referenceAndApi = [...reference, { text: 'API', link: '/api/', items: apiSidebar }];

export default defineConfig({
  title: 'coarsely',
  description,
  lang: 'en-US',
  outDir: '../build/site',
  cleanUrls: true,
  lastUpdated: false,
  markdown: {
    config: (markdown) => markdown.use(repositoryLinks),
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/guide/train-on-your-folder', activeMatch: '^/(guide|results|glossary)' },
      { text: 'Configuration', link: '/reference/configuration' },
      { text: 'Commands', link: '/reference/commands' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Contributing', link: '/contributing/', activeMatch: '^/(contributing|architecture)' },
      { text: version, link: '/changelog' },
    ],
    sidebar: {
      '/api/': referenceAndApi,
      '/reference/': referenceAndApi,
      '/architecture': projectPages,
      '/changelog': projectPages,
      '/security': projectPages,
      '/contributing/': projectPages,
      '/': guide,
    },
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    footer: { message: 'Apache-2.0' },
  },
});
