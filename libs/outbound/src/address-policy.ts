import { isIP, isIPv6 } from 'node:net';

import ipaddr from 'ipaddr.js';

/** Azure's wire server. Its address is public, but it can be reached only from inside. */
const AZURE_WIRE_SERVER = '168.63.129.16';

/** The only IPv6 block that IANA allocates. Compatible, translated and unassigned addresses lie outside it. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether a connection to `ip` could reach something that is not on the public internet.
 *
 * Everything except global unicast is refused: loopback, private, link-local, carrier-grade NAT, unique-local,
 * multicast, reserved, documentation, benchmark, unspecified, IPv4 inside IPv6 in any form (mapped, compatible,
 * NAT64, 6to4, Teredo), metadata services, and anything that is not an address in plain spelling.
 *
 * @param ip an IPv4 or IPv6 address as DNS and sockets write it, without brackets
 */
export function isRefusedAddress(ip: string): boolean {
  // A zone id names an interface of this machine; public addresses have none.
  if (isIP(ip) === 0 || ip.includes('%')) return true;
  const address = ipaddr.parse(ip);
  if (address.range() !== 'unicast') return true;
  return address instanceof ipaddr.IPv6 ? !address.match(GLOBAL_UNICAST) : ip === AZURE_WIRE_SERVER;
}

/**
 * Decides which hosts may be contacted: public addresses, and hosts that the operator allowed by name.
 *
 * @example
 * const policy = new AddressPolicy(['images.internal', 'localhost:9000', '*.cdn.internal']);
 * policy.isOpened('LOCALHOST', 9000); // true, and its address is not looked at
 */
export class AddressPolicy {
  /** `name` or `name:port`. */
  readonly #exact: ReadonlySet<string>;
  /** `.example.com` or `.example.com:port`, from `*.example.com`. */
  readonly #suffixes: readonly HostSuffix[];

  /**
   * @param allowedHosts names, IP addresses or `*.suffix`, each with or without `:port`; any case
   * @throws TypeError if an entry is not a host
   */
  constructor(allowedHosts: readonly string[]) {
    const entries = allowedHosts.map(parseAllowedHost);
    this.#exact = new Set(entries.filter(({ wildcard }) => !wildcard).map(hostKey));
    this.#suffixes = entries.filter(({ wildcard }) => wildcard);
  }

  /**
   * Whether the operator allowed this host, so that its addresses are not checked.
   *
   * @param host a name or an address; any case, brackets and one trailing dot do not matter
   */
  isOpened(host: string, port: number): boolean {
    if (this.#exact.size === 0 && this.#suffixes.length === 0) return false;
    const name = plainHost(host);
    return (
      this.#exact.has(name) ||
      this.#exact.has(`${name}:${String(port)}`) ||
      this.#suffixes.some(
        (suffix) =>
          name.length > suffix.host.length + 1 &&
          name.endsWith(`.${suffix.host}`) &&
          (suffix.port === null || suffix.port === port),
      )
    );
  }

  /** Whether `address`, which is `host` or one of its addresses, may be contacted. */
  permits(host: string, port: number, address: string): boolean {
    return this.isOpened(host, port) || !isRefusedAddress(address);
  }
}

interface HostSuffix {
  readonly host: string;
  readonly port: number | null;
}

interface AllowedHost extends HostSuffix {
  readonly wildcard: boolean;
}

function hostKey({ host, port }: HostSuffix): string {
  return port === null ? host : `${host}:${String(port)}`;
}

/** Lower case, no brackets, no trailing dot. */
function plainHost(host: string): string {
  const name = host.toLowerCase();
  if (name.startsWith('[')) return name.slice(1, -1);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function parseAllowedHost(entry: string): AllowedHost {
  const text = entry.trim();
  const wildcard = text.startsWith('*.');
  const named = wildcard ? text.slice(2) : text;
  const host = isIPv6(named) ? `[${named}]` : named;
  const port = /:(\d{1,5})$/.exec(host)?.[1];
  const href = `http://${host}/`;
  if (host === '' || /[/?#@*\s\\]/.test(host) || !URL.canParse(href)) {
    throw new TypeError(
      `an allowed host must be a name, an address or *.name, with or without :port; got ${JSON.stringify(entry)}`,
    );
  }
  return {
    wildcard,
    host: plainHost(new URL(href).hostname),
    port: port === undefined ? null : Number(port),
  };
}
