/** TypeDoc's options: one page for each name that an entry point of package.json exports, grouped by room. */

import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const rooms = Object.keys(exports).flatMap((entry) => /^\.\/(\w+)$/.exec(entry)?.[1] ?? []);

/** @type {import('typedoc').TypeDocOptions & Record<string, unknown>} */
export default {
  name: 'API',
  tsconfig: '../../src/tsconfig.json',
  entryPoints: rooms.map((room) => `../../src/${room}/index.ts`),
  out: '../api',
  docsRoot: '..',
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme', '../../build/scripts/docs/api-pages.js'],
  theme: 'short',
  readme: 'none',
  entryFileName: 'index',
  hideGenerator: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandObjects: true,
  expandParameters: true,
  indexFormat: 'table',
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: {
    hideInherited: true,
    hideModifiers: true,
    hideOverrides: true,
    hideSources: true,
    hideDefaults: true,
  },
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  excludeExternals: true,
  disableSources: true,
  skipErrorChecking: true,
  validation: { notExported: false, invalidLink: true, invalidPath: false, unusedMergeModuleWith: false },
  sort: ['source-order'],
  groupOrder: [
    'Constructors',
    'Properties',
    'Accessors',
    'Methods',
    'Classes',
    'Functions',
    'Variables',
    'Interfaces',
    'Type Aliases',
    '*',
  ],
};
