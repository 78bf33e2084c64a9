import type { LookupAddress } from 'node:dns';
import { connect, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net';
import { buildConnector } from 'undici';

import type { AddressPolicy } from './address-policy.js';
import { unreachableAddress } from './fetch-errors.js';
import type { HostResolver } from './host-resolver.js';

/** State of one connection attempt. */
export interface ConnectAttempt {
  phase: 'resolving' | 'connecting' | 'connected';
  /** Set as soon as the socket exists, so that giving up closes it at once. */
  socket: Socket | null;
  abandoned: boolean;
}

/**
 * Opens connections only to checked addresses. All name lookups happen here, and the socket is
 * given exactly the checked addresses, so a name that changes its addresses cannot redirect the connection.
 * The `Host` header and the TLS server name are still the name.
 */
export class PinnedConnector {
  readonly #policy: AddressPolicy;
  readonly #resolver: HostResolver;
  readonly #upgrade = buildConnector({ allowH2: false, timeout: 0 });

  constructor(policy: AddressPolicy, resolver: HostResolver) {
    this.#policy = policy;
    this.#resolver = resolver;
  }

  /** In the shape of undici's `connect` option. */
  connect(options: buildConnector.Options, attempt: ConnectAttempt, callback: buildConnector.Callback): void {
    this.#open(options, attempt).then(
      (socket) => {
        if (options.protocol !== 'https:') callback(null, socket);
        else this.#upgrade({ ...options, httpSocket: socket }, callback);
      },
      (error: unknown) => {
        callback(error as Error, null);
      },
    );
  }

  async #open(options: buildConnector.Options, attempt: ConnectAttempt): Promise<Socket> {
    attempt.phase = 'resolving';
    const host = options.hostname;
    const port = Number(options.port === '' ? (options.protocol === 'https:' ? 443 : 80) : options.port);
    const addresses = await this.#permittedAddresses(host, port);
    if (attempt.abandoned) throw unreachableAddress();
    attempt.phase = 'connecting';
    const socket = await openSocket(host, port, addresses, attempt);
    const peer = socket.remoteAddress;
    // Cannot happen while the address is pinned. This last defense costs one check per connection.
    if (peer !== undefined && !this.#policy.permits(host, port, peer)) {
      socket.destroy();
      throw unreachableAddress();
    }
    attempt.phase = 'connected';
    return socket;
  }

  /**
   * The addresses of a lookup that are allowed. Refused addresses are dropped instead of failing
   * the lookup: with the connection pinned they are never contacted, and resolvers of IPv6 networks add NAT64
   * addresses to those of every public IPv4 host.
   */
  async #permittedAddresses(host: string, port: number): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    const answer = family === 0 ? await this.#resolver.resolve(host) : [{ address: host, family }];
    const permitted = answer.filter(({ address }) => this.#policy.permits(host, port, address));
    if (permitted.length === 0) throw unreachableAddress();
    return permitted;
  }
}

function openSocket(
  host: string,
  port: number,
  addresses: readonly LookupAddress[],
  attempt: ConnectAttempt,
): Promise<Socket> {
  const pinned: LookupFunction = (_host, options, callback) => {
    const first = addresses[0];
    if (options.all === true || first === undefined) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
  return new Promise((resolve, reject) => {
    // Node 20 reads 16 KiB at a time by default; its types do not know the option.
    const options: TcpNetConnectOpts & { readonly highWaterMark: number } = {
      host,
      port,
      lookup: pinned,
      autoSelectFamily: addresses.length > 1,
      noDelay: true,
      keepAlive: true,
      highWaterMark: 64 * 1024,
    };
    const socket = connect(options);
    attempt.socket = socket;
    // Stays attached: between here and the TLS or HTTP layer, an error without a listener would end the process.
    socket.on('error', reject);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('close', () => {
      // Destroyed without an error: the attempt was abandoned. In every other case the promise is settled already.
      reject(unreachableAddress());
    });
  });
}
