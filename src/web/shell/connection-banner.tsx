/** Says that the server does not answer, until it does again. */

import { connection } from '../events.js';

/** Shows a banner while the server cannot be reached. It is always there, so that screen readers notice its text. */
export function ConnectionBanner() {
  const lost = connection.value === 'lost';
  return (
    <div class="connection" role="status" hidden={!lost}>
      {lost && (
        <p>
          The server does not answer; trying again. Is <code>coarsely view</code> still running? What you did
          until now is saved.
        </p>
      )}
    </div>
  );
}
