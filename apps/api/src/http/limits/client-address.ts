import { isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Of an IPv6 address the groups that name a network; who has one has all addresses in it. */
const NETWORK_GROUPS = 4;

const GROUPS = 8;

/** What an address counts as where clients are told apart: itself, or of IPv6 its network of 64 bits. */
export function clientNetwork(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [front = '', back = ''] = address.toLowerCase().split('%', 1).join('').split('::');
  const before = front === '' ? [] : front.split(':');
  const after = back === '' ? [] : back.split(':');
  const zeros = address.includes('::') ? Math.max(0, GROUPS - before.length - after.length) : 0;
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
