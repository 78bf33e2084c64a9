import { once } from 'node:events';
import { connect } from 'node:net';

/** One response as received on the connection. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read arbitrary fields of replies
  readonly body: any;
}

/**
 * Writes the parts to a new connection, each when the response to the previous one has begun, and reads until the server
 * closes it.
 *
 * @returns all responses
 */
export async function exchange(url: string, ...parts: readonly string[]): Promise<RawResponse[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let received = '';
  const left = [...parts];
  const writeNext = () => {
    const part = left.shift();
    if (part !== undefined && socket.writable) socket.write(part, 'latin1');
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    writeNext();
  });
  // A server that refuses may close before everything is written.
  socket.on('error', () => undefined);
  writeNext();
  await once(socket, 'close');
  return responsesOf(received);
}

/** The head of a request. */
export function head(line: string, ...headers: readonly string[]): string {
  return [line, ...headers, '', ''].join('\r\n');
}

function responsesOf(text: string): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [status = '', ...lines] = rest.slice(0, end === -1 ? undefined : end).split('\r\n');
    if (!status.startsWith('HTTP/1.1 ')) throw new Error(`Not a response: ${rest.slice(0, 200)}`);
    const headers = Object.fromEntries(
      lines.map((line): [string, string] => {
        const [name = '', ...value] = line.split(':');
        return [name.toLowerCase(), value.join(':').trim()];
      }),
    );
    const from = end + 4;
    // A response to HEAD has the length of the GET response but no body.
    const isEmpty = rest.startsWith('HTTP/1.1 ', from);
    const length = isEmpty ? 0 : Number(headers['content-length'] ?? 0);
    const content = rest.slice(from, from + length);
    const isJson = headers['content-type']?.includes('json') === true && content !== '';
    responses.push({
      status: Number(status.split(' ')[1]),
      headers,
      text: content,
      body: isJson ? (JSON.parse(content) as unknown) : undefined,
    });
    rest = rest.slice(from + length);
  }
  return responses;
}
