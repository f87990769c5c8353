/** Images are bundled; an import gives the address. */
declare module '*.webp' {
  const address: string;
  export default address;
}
