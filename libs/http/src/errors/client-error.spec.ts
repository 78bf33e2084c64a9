import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { describe, expect, it, jest } from '@jest/globals';
import { answerClientErrors } from './client-error.js';

function answer(code: string, writable = true) {
  const server = new EventEmitter();
  const socket = { writable, destroy: jest.fn(), end: jest.fn<(text: string) => void>() };
  answerClientErrors(server as Server);
  server.emit('clientError', Object.assign(new Error('parser'), { code }), socket);
  return socket;
}

describe('data that is not a request', () => {
  it.each([
    ['HPE_HEADER_OVERFLOW', 431, 'HEADERS_TOO_LARGE'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'REQUEST_TIMEOUT'],
    ['HPE_INVALID_METHOD', 400, 'INVALID_INPUT'],
  ])('is answered with the envelope: %s', (code, status, error) => {
    const [head = '', body = ''] = answer(code).end.mock.calls[0]?.[0].split('\r\n\r\n') ?? [];
    expect(head.split('\r\n')).toEqual([
      `HTTP/1.1 ${String(status)} ${error}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      expect.stringMatching(/^X-Request-ID: [\w-]{36}$/),
      'Connection: close',
    ]);
    expect(JSON.parse(body)).toMatchObject({
      error,
      path: '',
      requestId: expect.stringMatching(/^[\w-]{36}$/) as unknown,
    });
  });

  it.each([
    ['ECONNRESET', true],
    ['HPE_INVALID_METHOD', false],
  ])('gets no answer if the connection cannot be written: %s', (code, writable) => {
    const socket = answer(code, writable);
    expect(socket.destroy).toHaveBeenCalled();
    expect(socket.end).not.toHaveBeenCalled();
  });
});
