/** Reads the keys of a zod schema, with their types, defaults and descriptions, as rows of a table. */

import { z } from 'zod';

/** A key of a section: its type, default and meaning are Markdown. */
export interface SchemaRow {
  readonly key: string;
  readonly type: string;
  readonly defaultValue: string;
  readonly meaning: string;
}

/** The parts of JSON Schema that zod writes and a table shows. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly prefixItems?: readonly SchemaNode[];
  readonly items?: SchemaNode | false;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Returns what a person may write, as JSON Schema. */
export function schemaNode(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
}

/** Returns one row for each key of an object schema; keys of sections inside it follow with a dotted name. */
export function schemaRows(
  section: SchemaNode,
  { prefix = '', defaults }: { readonly prefix?: string; readonly defaults?: unknown } = {},
): SchemaRow[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, node]) => {
    const key = prefix + name;
    const value = { [name]: node.default, ...(defaults as object | undefined) }[name];
    const required = section.required?.includes(name) === true && value === undefined;
    const inner = node.properties ? node : node.anyOf?.find(({ properties }) => properties !== undefined);
    const own = {
      key,
      type: inner ? (node.anyOf ? 'section or `null`' : 'section') : typeText(node),
      defaultValue: required ? 'required' : inner && value !== null ? '' : valueText(value),
      meaning: node.description ?? '',
    };
    if (!inner) return [own];
    const rows = schemaRows(inner, { prefix: `${key}.`, defaults: value ?? undefined });
    return node.description === undefined && !node.anyOf ? rows : [own, ...rows];
  });
}

/** Returns a Markdown table, or an empty text without rows. */
export function rowsTable(rows: readonly SchemaRow[], { first }: { readonly first: string }): string {
  if (rows.length === 0) return '';
  const lines = rows.map(
    ({ key, type, defaultValue, meaning }) => `| \`${key}\` | ${type} | ${defaultValue} | ${cell(meaning)} |`,
  );
  return [`| ${first} | type | default | meaning |`, '|---|---|---|---|', ...lines].join('\n');
}

/** Returns text that may stand in a cell of a Markdown table. */
export function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();
}

function valueText(value: unknown): string {
  if (value === undefined || value === '') return '';
  return `\`${JSON.stringify(value).replaceAll('"', '').replaceAll(',', ', ')}\``;
}

function typeText(node: SchemaNode): string {
  if (node.anyOf) return alternatives(node.anyOf);
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.prefixItems) return `[${node.prefixItems.map(typeText).join(', ')}]`;
  if (node.type === 'array') return `list of ${plural(typeText(node.items || {}))}`;
  if (node.type === 'integer' || node.type === 'number') return `${node.type}${rangeText(node)}`;
  return [node.type ?? 'any'].flat().map(nameOrNull).join(' or ');
}

/** Returns fixed values as a list, and null at the end. */
function alternatives(nodes: readonly SchemaNode[]): string {
  const isNull = ({ type }: SchemaNode) => type === 'null';
  const texts = [...new Set(nodes.filter((node) => !isNull(node)).map(typeText))];
  const list = texts.join(nodes.every((node) => node.const !== undefined) ? ', ' : ' or ');
  return nodes.some(isNull) ? `${list} or \`null\`` : list;
}

function nameOrNull(type: string): string {
  return type === 'null' ? '`null`' : type;
}

/** Returns the allowed range: ` ≥ 1`, ` in [0, 1)`; the greatest exact integer is no bound that a person meets. */
function rangeText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: SchemaNode): string {
  const low = minimum ?? exclusiveMinimum;
  const atMost = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const high = atMost ?? exclusiveMaximum;
  const lowest = low === -Number.MAX_SAFE_INTEGER ? undefined : low;
  if (lowest !== undefined && high !== undefined) {
    return ` in ${minimum === undefined ? '(' : '['}${lowest}, ${high}${atMost === undefined ? ')' : ']'}`;
  }
  if (lowest !== undefined) return minimum === undefined ? ` > ${lowest}` : ` ≥ ${lowest}`;
  if (high !== undefined) return atMost === undefined ? ` < ${high}` : ` ≤ ${high}`;
  return '';
}

function plural(type: string): string {
  return type.replace(/^(number|integer|string)/, '$1s');
}
