/**
 * HTML that escapes by default: whatever a template takes in is escaped unless a template made it. Class names, paths and
 * config values come from users and end up in a page that people pass around.
 */

/** Holds text that is safe HTML, made by `html` or marked by `trusted`. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Fragment = Html | string | number | null | false | readonly Fragment[];

/** Makes HTML from a template: strings and numbers are escaped, arrays are joined, `null` and `false` leave nothing. */
export function html(parts: TemplateStringsArray, ...fragments: readonly Fragment[]): Html {
  const text = parts.map((part, index) => (index === 0 ? part : render(fragments[index - 1]) + part));
  return new Html(text.join(''));
}

/** Marks text as safe without looking at it, for this package's own scripts and styles and for data URIs it made. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** Writes JSON for a `<script type="application/json">`, without any `<`, so that no string can close the element. */
export function embeddedJson(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028'));
}

function render(fragment: Fragment | undefined): string {
  if (fragment === undefined || fragment === null || fragment === false) return '';
  if (fragment instanceof Html) return fragment.text;
  if (typeof fragment === 'object') return fragment.map(render).join('');
  return escaped(String(fragment));
}

/** Escapes text for use between tags and inside quoted attributes. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
