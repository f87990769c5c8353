/** Looks into SVG text: whether every element is closed, and the attributes of the marks of one class. */
import { expect } from 'vitest';

export function expectWellFormed(svg: string): void {
  const open: string[] = [];
  const body = svg.replaceAll(/<([a-z]+)((?: [\w:-]+="[^"<]*")*)\/>/g, '');
  for (const [tag, closing, name] of body.matchAll(/<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)>/g)) {
    if (closing === '') open.push(name as string);
    else expect(open.pop(), tag).toBe(name);
  }
  expect(open).toEqual([]);
  // What is left between tags holds no stray markup.
  expect(body.replaceAll(/<\/?[a-z]+(?: [\w:-]+="[^"<]*")*>/g, '')).not.toMatch(
    /[<>]|&(?!amp;|lt;|gt;|quot;)/,
  );
}

/** The attributes of every element of a class. */
export function marks(svg: string, className: string): Record<string, string>[] {
  return [...svg.matchAll(new RegExp(`<[a-z]+ class="${className}"[^>]*>`, 'g'))].map(([tag]) =>
    Object.fromEntries([...tag.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );
}
