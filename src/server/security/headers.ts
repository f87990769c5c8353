/** Sets the headers that keep a browser from running or showing anything but this page. */

import { secureHeaders } from 'hono/secure-headers';

/** Returns the middleware that sets the headers of every answer. */
export function setHeaders() {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    crossOriginResourcePolicy: 'same-origin',
    crossOriginOpenerPolicy: 'same-origin',
    referrerPolicy: 'no-referrer',
    // The server speaks plain HTTP to this machine alone.
    strictTransportSecurity: false,
  });
}
