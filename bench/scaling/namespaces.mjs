// Two hosts on one machine: network namespaces joined by a pair of virtual cables. Needs root and iproute2.

import { spawnSync } from 'node:child_process';

const ip = (...words) => spawnSync('ip', words, { encoding: 'utf8' });

/** Why there can be none here, or null. */
export function namespacesMissing() {
  if (process.getuid?.() !== 0) return 'not root';
  const { error, status, stderr } = ip('netns', 'list');
  if (error) return 'no ip command (iproute2)';
  return status === 0 ? null : stderr.trim();
}

/** Two hosts with an address each; `enter` gives the words that start a program on one of them. */
export function openNamespaces() {
  const id = process.pid % 10_000;
  const hosts = [1, 2].map((number) => ({
    name: `coarsely-${id}-${number}`,
    cable: `cb${id}v${number}`,
    address: `10.231.${id % 250}.${number}`,
  }));
  const close = () => {
    // The cable goes with the namespaces that hold its ends.
    for (const { name } of hosts) ip('netns', 'delete', name);
  };
  const must = (...words) => {
    const { status, stderr } = ip(...words);
    if (status === 0) return;
    close();
    throw new Error(`ip ${words.join(' ')}: ${stderr.trim()}`);
  };
  for (const { name } of hosts) must('netns', 'add', name);
  must('link', 'add', hosts[0].cable, 'type', 'veth', 'peer', 'name', hosts[1].cable);
  for (const { name, cable, address } of hosts) {
    must('link', 'set', cable, 'netns', name);
    must('-n', name, 'address', 'add', `${address}/24`, 'dev', cable);
    must('-n', name, 'link', 'set', cable, 'up');
    must('-n', name, 'link', 'set', 'lo', 'up');
  }
  return {
    hosts: hosts.map(({ name, cable, address }) => ({
      address,
      enter: ['ip', 'netns', 'exec', name],
      environment: { GLOO_SOCKET_IFNAME: cable },
    })),
    close,
  };
}
