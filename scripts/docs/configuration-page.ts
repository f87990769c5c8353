/** Writes the reference of the config: every key with its type, default and meaning, as the schema has them. */

import { configSchema } from 'coarsely/config';
import { renamedKeys } from '#config/renamed-keys.js';
import { withComponents } from './component-rows.js';
import { rowsTable, type SchemaNode, schemaNode, schemaRows } from './schema-rows.js';

export function configurationPage(): string {
  const root = schemaNode(configSchema);
  const { data, ...others } = configSchema.parse({ data: { root: 'my-dataset' } });
  const { root: _, ...dataDefaults } = data;
  const defaults = { ...others, data: dataDefaults };
  const all = withComponents(schemaRows(root, { defaults }));
  const sections = Object.entries(root.properties ?? {})
    .filter(([, node]) => isPlainSection(node))
    .map(([name, node]) => {
      const rows = all.filter(({ key }) => key.startsWith(`${name}.`));
      return [`## \`${name}\``, node.description ?? '', rowsTable(rows, { first: 'key' })]
        .filter((text) => text !== '')
        .join('\n\n');
    });
  const plainNames = Object.entries(root.properties ?? {}).flatMap(([name, node]) =>
    isPlainSection(node) ? [name] : [],
  );
  const rest = all.filter(({ key }) => !plainNames.includes(key.split('.')[0] ?? ''));
  return `# Configuration

Every key that a config file or \`--set\` can change. A file holds only the keys that differ from the defaults, and may start
from a recipe:

\`\`\`yaml
extends: folder-arm
data: { root: my-dataset }
training: { iterations: 4000, batchSize: 8 }
\`\`\`

\`\`\`sh
coarsely train mine.yaml --set optimizer.learningRate=0.01
coarsely recipes folder-arm
\`\`\`

The second command prints the whole config of a recipe. Unknown keys are refused with the nearest name. Layers are applied in this
order: the recipe, the file, then \`--data\`, \`--output\`, \`--name\` and \`--set\`. The \`config.yaml\` in a run's folder holds every
key of what ran, and trains it again.

## The run

${rowsTable(rest, { first: 'key' })}

${sections.join('\n\n')}

## Former names

These names still work in files and with \`--set\`, with a notice. The folders of earlier runs may hold them.

${formerNames()}
`;
}

function formerNames(): string {
  const rows = renamedKeys.map(({ former, current }) => `| \`${former}\` | \`${current}\` |`);
  return ['| former name | name |', '|---|---|', ...rows].join('\n');
}

/** Returns whether a section has keys of its own, rather than the options of a component. */
function isPlainSection(node: SchemaNode): boolean {
  return node.properties !== undefined && !isComponent(node);
}

function isComponent({ properties }: SchemaNode): boolean {
  return properties !== undefined && Object.keys(properties).join() === 'kind';
}
