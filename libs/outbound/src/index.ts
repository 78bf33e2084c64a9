export { AddressPolicy, isRefusedAddress } from './address-policy.js';
export { isDataUrl, parseDataUrl } from './data-url.js';
export type { ResolveHost } from './host-resolver.js';
export { MAX_URL_LENGTH, parseOutboundUrl } from './outbound-url.js';
export {
  type FetchBytesOptions,
  type FetchedBytes,
  type PostOptions,
  type PostResult,
  SafeFetcher,
  type SafeFetcherOptions,
} from './safe-fetcher.js';
