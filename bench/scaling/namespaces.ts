/** Simulates two hosts on one machine by network namespaces joined by a pair of virtual cables. Needs root and iproute2. */

import { spawnSync } from 'node:child_process';

/** Describes one of the two hosts. */
interface Host {
  readonly address: string;
  /** The words that start a program on this host. */
  readonly enter: readonly string[];
  /** Makes Gloo use the virtual cable. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Namespaces {
  readonly hosts: readonly [Host, Host];
  close(): void;
}

function ip(...words: readonly string[]) {
  return spawnSync('ip', words, { encoding: 'utf8' });
}

/** Returns the reason why namespaces cannot be made here, or null when they can. */
export function reasonWithoutNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const { error, status, stderr } = ip('netns', 'list');
  if (error) return 'no ip command (iproute2)';
  return status === 0 ? null : stderr.trim();
}

/** @throws {Error} when a command of ip fails; nothing is left behind */
export function openNamespaces(): Namespaces {
  const id = process.pid % 10_000;
  const nameOf = (number: number) => `coarsely-${id}-${number}`;
  const cableOf = (number: number) => `cb${id}v${number}`;
  const addressOf = (number: number) => `10.231.${id % 250}.${number}`;
  const close = () => {
    // The cable is deleted with the namespaces that hold its ends.
    for (const number of [1, 2]) ip('netns', 'delete', nameOf(number));
  };
  const must = (...words: readonly string[]) => {
    const { status, stderr } = ip(...words);
    if (status === 0) return;
    close();
    throw new Error(`ip ${words.join(' ')}: ${stderr.trim()}`);
  };
  const hostOf = (number: number): Host => ({
    address: addressOf(number),
    enter: ['ip', 'netns', 'exec', nameOf(number)],
    environment: { GLOO_SOCKET_IFNAME: cableOf(number) },
  });
  for (const number of [1, 2]) must('netns', 'add', nameOf(number));
  must('link', 'add', cableOf(1), 'type', 'veth', 'peer', 'name', cableOf(2));
  for (const number of [1, 2]) {
    must('link', 'set', cableOf(number), 'netns', nameOf(number));
    must('-n', nameOf(number), 'address', 'add', `${addressOf(number)}/24`, 'dev', cableOf(number));
    must('-n', nameOf(number), 'link', 'set', cableOf(number), 'up');
    must('-n', nameOf(number), 'link', 'set', 'lo', 'up');
  }
  return { hosts: [hostOf(1), hostOf(2)], close };
}
