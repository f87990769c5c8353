/** Copies the style sheets of src/ into dist/ before the first test, as every build does; the compiler alone does not. */
export async function setup(): Promise<void> {
  await import(new URL('../../build/scripts/copy-assets.js', import.meta.url).href);
}
