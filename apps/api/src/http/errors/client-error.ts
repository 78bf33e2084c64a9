import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, errorTableEntry } from '@aerie/contracts';

/** What Node's HTTP parser refuses, as codes of the error table. */
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

/** Requests that never become one (bad syntax, headers too large, too slow) get the envelope too. */
export function answerClientErrors(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [code, message] = PARSER_ERRORS[error.code ?? ''] ?? [
      'INVALID_INPUT',
      'The request is not valid HTTP/1.1.',
    ];
    const body = JSON.stringify({ error: code, message, path: '', requestId: randomUUID() });
    const head = [
      `HTTP/1.1 ${String(errorTableEntry(code).status)} ${code}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}
