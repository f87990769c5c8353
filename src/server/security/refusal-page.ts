/** Makes the pages without scripts that a browser gets before it has shown the token. */

import { html } from 'hono/html';

/** Returns the page that says why a call was refused and what to do. */
export function refusalPage(reason: string) {
  return html`<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Refused – coarsely</title></head>
  <body>
    <main>
      <h1>Refused</h1>
      <p>Refused: ${reason}.</p>
      <p>Open the address that <code>coarsely view</code> printed in its terminal. It contains the token.</p>
    </main>
  </body>
</html>`;
}

/** Returns a page that leads on to an address of this server. */
export function cameHerePage(address: string) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="refresh" content="0;url=${address}" />
    <title>coarsely</title>
  </head>
  <body><p><a href="${address}">Open the page</a></p></body>
</html>`;
}
