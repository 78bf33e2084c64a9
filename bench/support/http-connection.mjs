import { connect } from 'node:net';

/**
 * One response, parsed as little as possible.
 *
 * @typedef {object} Reply
 * @property {number} status
 * @property {Buffer} body Bytes of the body, without chunk framing.
 * @property {boolean} closes Whether the server closes the connection after this response.
 */

const HEADER_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

/** A connection ended without a complete response. `sent` tells whether a request was in flight. */
export class ConnectionError extends Error {
  /**
   * @param {string} code Such as ECONNREFUSED, ECONNRESET, EOF, TIMEOUT.
   * @param {boolean} sent
   */
  constructor(code, sent) {
    super(`connection failed: ${code}${sent ? ' with a request in flight' : ''}`);
    this.code = code;
    this.sent = sent;
  }
}

/** @param {Buffer} buffer @param {number} at @returns {{ body: Buffer, end: number } | undefined} */
function readChunked(buffer, at) {
  const parts = [];
  for (;;) {
    const lineEnd = buffer.indexOf(LINE_END, at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(buffer.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (buffer.length < start + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: start + 2 };
    parts.push(buffer.subarray(start, start + size));
    at = start + size + 2;
  }
}

/** @param {Buffer} buffer @returns {Reply | undefined} Undefined while the reply is not whole. */
function parse(buffer) {
  const headEnd = buffer.indexOf(HEADER_END);
  if (headEnd < 0) return undefined;
  const head = buffer.toString('latin1', 0, headEnd).toLowerCase();
  const status = Number(head.slice(9, 12));
  const closes = head.includes('\r\nconnection: close');
  const start = headEnd + 4;
  const lengthAt = head.indexOf('\r\ncontent-length:');
  if (lengthAt >= 0) {
    const length = parseInt(head.slice(lengthAt + 17), 10);
    if (buffer.length < start + length) return undefined;
    return { status, closes, body: buffer.subarray(start, start + length) };
  }
  if (!head.includes('\r\ntransfer-encoding: chunked')) return { status, closes, body: Buffer.alloc(0) };
  const chunked = readChunked(buffer, start);
  return chunked && { status, closes, body: chunked.body };
}

/** A keep-alive connection for one request at a time. Opens on the first request, and again after it was closed. */
export class HttpConnection {
  #host;
  #port;
  #timeoutMs;
  /** @type {import('node:net').Socket | undefined} */
  #socket;
  /** @type {{ resolve: (reply: Reply) => void, reject: (error: Error) => void } | undefined} */
  #pending;
  /** @type {Buffer | undefined} */
  #received;

  /** @param {{ host: string, port: number, timeoutMs?: number }} options */
  constructor({ host, port, timeoutMs = 60_000 }) {
    this.#host = host;
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Sends the bytes of one request and waits for its response.
   *
   * @param {Buffer} bytes
   * @returns {Promise<Reply>}
   * @throws {ConnectionError} When the connection cannot be opened, closes or stays silent.
   */
  async send(bytes) {
    if (!this.#socket) await this.#open();
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#received = undefined;
      if (this.#socket) this.#socket.write(bytes);
      else this.#fail('EOF', false);
    });
  }

  close() {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open() {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
      const refused = (/** @type {NodeJS.ErrnoException} */ error) => {
        reject(new ConnectionError(error.code ?? 'UNKNOWN', false));
      };
      socket.once('error', refused);
      socket.once('connect', () => {
        socket.off('error', refused);
        this.#socket = socket;
        this.#listen(socket);
        resolve(undefined);
      });
    });
  }

  /** @param {import('node:net').Socket} socket */
  #listen(socket) {
    const ended = (/** @type {string} */ code) => {
      socket.destroy();
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#fail(code, true);
    };
    socket.setTimeout(this.#timeoutMs, () => {
      ended('TIMEOUT');
    });
    socket.on('data', (chunk) => {
      this.#take(chunk);
    });
    socket.on('error', (error) => {
      ended(/** @type {NodeJS.ErrnoException} */ (error).code ?? 'UNKNOWN');
    });
    socket.on('end', () => {
      ended('EOF');
    });
    socket.on('close', () => {
      ended('EOF');
    });
  }

  /** @param {Buffer} chunk */
  #take(chunk) {
    this.#received = this.#received ? Buffer.concat([this.#received, chunk]) : chunk;
    const reply = this.#pending && parse(this.#received);
    if (!reply) return;
    if (reply.closes) this.close();
    const { resolve } = /** @type {NonNullable<typeof this.#pending>} */ (this.#pending);
    this.#pending = undefined;
    resolve(reply);
  }

  /** @param {string} code @param {boolean} sent */
  #fail(code, sent) {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(new ConnectionError(code, sent));
  }
}

/**
 * Bytes of one HTTP/1.1 request.
 *
 * @param {{ url: URL, method?: string, body?: Buffer | string, headers?: Record<string, string> }} request
 */
export function requestBytes({ url, method, body, headers = {} }) {
  const payload = Buffer.from(body ?? '');
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const fields = {
    host: url.host,
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${verb} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), payload]);
}
