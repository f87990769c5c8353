/** Holds the images that fit the filter, of which pages are asked for when they come into sight. */

import { signal } from '@preact/signals';
import type { InferResponseType } from 'hono/client';
import { api, call } from '../../api.js';

type Listed = InferResponseType<typeof api.data.images.$get, 200>;

/** Is an image in the list. */
export type ShownImage = Listed['images'][number];

/** Says how many images there are and fit, and how far counting is. */
export type ImageCounts = Omit<Listed, 'images' | 'from'>;

const pageSize = 100;

/** Loads the pages of one filter. */
export class ImagePages {
  /** Is null until the first page has come. */
  readonly counts = signal<ImageCounts | null>(null);
  readonly error = signal<string | null>(null);
  /** Changes when a page has come. */
  readonly version = signal(0);
  readonly #query: Readonly<Record<string, string>>;
  readonly #pages = new Map<number, readonly ShownImage[]>();
  readonly #asked = new Set<number>();
  #explained = false;

  constructor(query: Readonly<Record<string, string>> & { readonly split: string; readonly labels: string }) {
    this.#query = query;
    void this.#ask(0);
  }

  /** Returns an image by its place in the order; undefined while its page is not there, and then asks for it. */
  at(index: number): ShownImage | undefined {
    const page = Math.floor(index / pageSize);
    void this.#ask(page);
    return this.#pages.get(page)?.[index % pageSize];
  }

  /** Returns the place of an image among those that are there; −1 where it is not. */
  indexOf(name: string): number {
    for (const [page, images] of this.#pages) {
      const place = images.findIndex((image) => image.name === name);
      if (place >= 0) return page * pageSize + place;
    }
    return -1;
  }

  /** Asks again for the pages that are there, as more is known or files changed. */
  refresh(): void {
    const pages = [...this.#asked];
    this.#asked.clear();
    for (const page of pages.length === 0 ? [0] : pages) void this.#ask(page);
  }

  /** Asks the server why a picture cannot be shown, once, as the others will fail alike. */
  async explain(address: string): Promise<void> {
    if (this.#explained) return;
    this.#explained = true;
    const response = await fetch(address).catch(() => null);
    if (response === null || response.ok) return;
    const { error = null } = (await response.json().catch(() => ({}))) as { readonly error?: string };
    this.error.value = error;
  }

  async #ask(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    const { split = '', labels = '', ...filter } = this.#query;
    const query = { split, labels, ...filter, from: String(page * pageSize), count: String(pageSize) };
    try {
      const { images, from: _, ...counts } = await call(api.data.images.$get({ query }));
      this.#pages.set(page, images);
      this.counts.value = counts;
      if (!this.#explained) this.error.value = null;
      this.version.value++;
    } catch (error) {
      this.#asked.delete(page);
      this.error.value = error instanceof Error ? error.message : String(error);
    }
  }
}
