import type { LookupAddress } from 'node:dns';
import { connect, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net';
import { buildConnector } from 'undici';

import type { AddressPolicy } from './address-policy.js';
import { unreachableAddress } from './fetch-errors.js';
import type { HostResolver } from './host-resolver.js';

/** Progress of one connection attempt, and the means to give it up. */
export interface ConnectAttempt {
  phase: 'resolving' | 'connecting' | 'connected';
  /** Set as soon as there is one, so that giving up closes it at once. */
  socket: Socket | null;
  abandoned: boolean;
}

/**
 * Opens connections to checked addresses only. Name lookups happen here and nowhere else, and the socket is
 * given the very addresses that passed, so a name that changes its answer cannot move the connection.
 * The `Host` header and the TLS server name stay the name.
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
    // Cannot happen while the pin holds; the last line of defence costs one check per connection.
    if (peer !== undefined && !this.#policy.permits(host, port, peer)) {
      socket.destroy();
      throw unreachableAddress();
    }
    attempt.phase = 'connected';
    return socket;
  }

  /**
   * The addresses of an answer that may be connected to. Refused ones among them are left out instead of failing
   * the name: with the connection pinned they are never contacted, and resolvers of IPv6 networks add NAT64
   * addresses to the answer of every public IPv4 host.
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
    // Stays on: between here and the TLS or HTTP layer an error without a listener would end the process.
    socket.on('error', reject);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('close', () => {
      // Destroyed without an error: given up. Settled already in every other case.
      reject(unreachableAddress());
    });
  });
}
