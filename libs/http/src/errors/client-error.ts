import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, errorTableEntry } from '@aerie/contracts';
import type { Request } from 'express';

/** Errors of Node's HTTP parser, as codes of the error table. */
const PARSER_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    'HEADERS_TOO_LARGE',
    'The request headers are larger than the limit (MAX_HEADER_BYTES).',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    'REQUEST_TIMEOUT',
    'The request did not arrive in time (HEADERS_TIMEOUT, RECEIVE_TIMEOUT).',
  ],
};

interface Exchange {
  readonly request: IncomingMessage & Partial<Pick<Request, 'context' | 'path'>>;
  readonly response: ServerResponse;
}

/**
 * Answers requests that the HTTP parser refuses (bad syntax, headers too large, too slow) with the envelope. A request
 * gets only one response; an error in the rest of its body then only closes the connection.
 */
export function answerClientErrors(server: Server): void {
  const latest = new WeakMap<Socket, Exchange>();
  const failed = new WeakSet<Socket>();
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    latest.set(request.socket, { request, response });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    // The parser fails again for all further data.
    if (failed.has(socket)) return;
    failed.add(socket);
    const exchange = latest.get(socket);
    if (exchange === undefined) answer(socket, error);
    else if (exchange.request.complete) answerAfter(exchange, socket, error);
    else if (exchange.response.headersSent) socket.destroySoon();
    else answer(socket, error, exchange.request);
  });
}

/** The requests before the refused one are answered first. */
function answerAfter({ response }: Exchange, socket: Socket, error: NodeJS.ErrnoException): void {
  if (response.writableFinished) answer(socket, error);
  else response.once('finish', () => answer(socket, error));
}

function answer(socket: Socket, error: NodeJS.ErrnoException, request?: Exchange['request']): void {
  const [code, message] = PARSER_ERRORS[error.code ?? ''] ?? [
    'INVALID_INPUT',
    'The request is not valid HTTP/1.1.',
  ];
  const requestId = request?.context?.id ?? randomUUID();
  const body = JSON.stringify({ error: code, message, path: request?.path ?? '', requestId });
  const head = [
    `HTTP/1.1 ${String(errorTableEntry(code).status)} ${code}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Request-ID: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
