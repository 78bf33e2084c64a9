import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The caller's address, in one form for each caller, by which requests are limited. IPv6 callers are identified by their
 * /64, because each usually has a whole one.
 *
 * Each proxy appends the address of its client to X-Forwarded-For. With `trustedProxies` of them in front, that many of
 * the last entries are trusted; the caller may have invented the others. An entry that is not an address ends the search
 * at the proxy that wrote it.
 *
 * @param peer - the connection's other end
 * @param forwardedFor - the header X-Forwarded-For
 */
export function callerAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string {
  const entries = trustedProxies === 0 || forwardedFor === undefined ? [] : forwardedFor.split(',');
  let address = normalized(peer ?? '') ?? '';
  for (const entry of entries.reverse().slice(0, trustedProxies)) {
    const next = normalized(entry.trim());
    if (next === null) return address;
    address = next;
  }
  return address;
}

/** Without port and brackets; null if it is not an address. */
function normalized(entry: string): string | null {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
  if (isIP(bare) === 0) return null;
  const address = ipaddr.process(bare);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
