import { sample } from './image-host.js';

/** A response with its body. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read arbitrary fields of replies
  readonly body: any;
}

/** Sends a request and reads the whole response. A body that is not JSON is `undefined`. */
export async function send(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, init);
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? (JSON.parse(text) as unknown) : undefined,
  };
}

/** Posts JSON. */
export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Uploads an image with further form fields. */
export function upload(
  url: string,
  bytes: Buffer,
  fields: Record<string, string> = {},
  name = 'image',
): Promise<Reply> {
  const form = new FormData();
  form.set(name, new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), 'image.jpg');
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  return send(url, { method: 'POST', body: form });
}

/** A sample image as a data: URL. */
export function dataUrl(name: string): string {
  return `data:image/jpeg;base64,${sample(name).toString('base64')}`;
}
