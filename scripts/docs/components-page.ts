/** Writes the reference of everything that a config names by its `kind`: each kind, and the options of each. */

import { type ComponentGroup, componentGroups } from './component-registries.js';
import { withComponents } from './component-rows.js';
import { cell, rowsTable, schemaNode, schemaRows } from './schema-rows.js';

export function componentsPage(): string {
  return `# Components

A section of the config with a \`kind\` names a component; the options of that kind stand beside it:

\`\`\`yaml
data: { root: my-dataset }
loss: { kind: gce, q: 0.1 }
reweighter: { kind: arm, learningRateScale: 10 }
\`\`\`

An unknown kind or option is refused with the nearest name. A section whose \`kind\` changes starts from the defaults of that
kind. You can [add components of your own](../guide/extend.md).

${componentGroups.map(groupText).join('\n\n')}
`;
}

function groupText({ title, key, registry, text }: ComponentGroup): string {
  const kinds = registry.kinds().map((kind) => {
    const node = schemaNode(registry.get(kind).options);
    return {
      kind,
      meaning: node.description ?? '',
      options: rowsTable(withComponents(schemaRows(node)), { first: 'option' }),
    };
  });
  const list = kinds.map(({ kind, meaning }) => `| \`${kind}\` | ${cell(meaning)} |`);
  const tables = [...new Set(kinds.map(({ options }) => options))]
    .filter((options) => options !== '')
    .map((options) => {
      const names = kinds.filter((each) => each.options === options).map(({ kind }) => `\`${kind}\``);
      return `Options of ${names.join(', ')}:\n\n${options}`;
    });
  const table = ['| kind | meaning |', '|---|---|', ...list].join('\n');
  return [`## ${title}`, key === null ? text : `Config key \`${key}\`. ${text}`, table, ...tables].join(
    '\n\n',
  );
}
