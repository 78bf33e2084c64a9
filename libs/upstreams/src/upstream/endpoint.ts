/** The address of an upstream's API. */
export interface Endpoint {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly hostname: string;
  /** Path of the API, without a slash at its end. */
  readonly basePath: string;
  /** Query of every request, with its question mark, or empty: gateways expect versions there. */
  readonly query: string;
}

/** Whether this is a valid address of an upstream's API. */
export function isUpstreamUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' && hash === '';
}

/** @throws Error when {@link isUpstreamUrl} is false. The message does not repeat the address. */
export function parseEndpoint(baseUrl: string): Endpoint {
  if (!isUpstreamUrl(baseUrl)) {
    throw new Error('base_url: expected an http or https address without credentials and fragment');
  }
  const { origin, hostname, pathname, search } = new URL(baseUrl);
  return { origin, hostname, basePath: pathname.replace(/\/+$/, ''), query: search };
}
