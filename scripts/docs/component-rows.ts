/** Links the rows of a table that name a component to the kinds that may stand there. */

import { componentGroups } from './component-registries.js';
import type { SchemaRow } from './schema-rows.js';

/** Returns the rows with a link to the kinds where a row names a component, which also takes the meaning of its section. */
export function withComponents(rows: readonly SchemaRow[]): SchemaRow[] {
  return rows.flatMap((row) => {
    const group = componentGroups.find(({ key }) => row.key === key || row.key === `${key}.kind`);
    if (!group) return [row];
    if (row.type === 'section') return [];
    if (row.type.startsWith('section')) return [row];
    const section = rows.find(({ key, type }) => `${key}.kind` === row.key && type === 'section');
    const meaning = row.meaning || (section?.meaning ?? 'Its kind; the options of the kind stand beside it.');
    const title = group.title.toLowerCase();
    return [{ ...row, type: `[${title}](components.md#${title.replaceAll(' ', '-')})`, meaning }];
  });
}
