import { isIPv4, isIPv6 } from 'node:net';

/**
 * What a client counts as: the address of IPv4, the /64 of IPv6, which one customer has as a whole, so that nobody walks
 * through 2^64 addresses of their own; an IPv4 address in the clothes of IPv6 as what it is. A port does not count.
 * @param ip as the adapter gives it
 * @returns undefined where it is no address
 */
export function networkOf(ip: string): string | undefined {
  const address = withoutPort(ip);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const groups = expand(address.split('%', 1)[0]!);
  const [mapped, last] = [groups.slice(0, 6).join(':'), groups.slice(6)];
  const isIPv4Inside = WITH_IPV4.has(mapped) || (mapped === '0:0:0:0:0:0' && last[0] !== '0');
  if (isIPv4Inside) return dotted(last);
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** Mapped (RFC 4291), and translated by a NAT64 in front of the server (RFC 6052): all of IPv4 would be one /64. */
const WITH_IPV4: ReadonlySet<string> = new Set(['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0']);

/** True for an address that no host of the internet has: a proxy's, seen from behind it (RFC 1918, 4193, 3927, 6598). */
export function isPrivate(ip: string): boolean {
  const network = networkOf(ip);
  if (network === undefined) return false;
  if (!network.includes(':')) return PRIVATE_IPV4.test(network);
  return network === '0:0:0:0::/64' || /^(?:f[cd]|fe[89ab])/.test(network);
}

const PRIVATE_IPV4 =
  /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

function withoutPort(ip: string): string {
  const bracketed = /^\[([^\]]{2,60})\](?::\d{1,5})?$/.exec(ip)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}$/.test(ip) ? ip.slice(0, ip.indexOf(':')) : ip;
}

/** The eight groups of an IPv6 address, in lower case and without leading zeros. */
function expand(address: string): string[] {
  const [head = '', tail] = address.split('::') as [string, string?];
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...(tail === undefined ? [] : zeros), ...right];
}

function groupsOf(part: string): string[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16).toString(16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
  });
}

function dotted(groups: readonly string[]): string {
  return groups
    .flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 255];
    })
    .join('.');
}
