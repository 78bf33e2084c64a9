import { describe, expect, it } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import { jsonFrame, textFrame } from './sse-frame.js';

function parse(frames: string): readonly (readonly [string | undefined, string])[] {
  const events: (readonly [string | undefined, string])[] = [];
  createParser({ onEvent: ({ event, data }) => events.push([event, data]) }).feed(frames);
  return events;
}

describe('a frame', () => {
  it.each(['Paris', ' Paris', '\n', 'a\n\nb\n', ': not a comment', 'data: x', '日本 🦊'])(
    'transports %j unchanged',
    (text) => {
      expect(parse(textFrame(text))).toEqual([[undefined, text]]);
    },
  );

  it.each(['a\r\nb', 'a\rb'])(
    'writes the line break in %j as a newline, the only one that events have',
    (text) => {
      expect(parse(textFrame(text))).toEqual([[undefined, 'a\nb']]);
    },
  );

  it('names its event', () => {
    expect(parse(jsonFrame({ code: 'INTERNAL' }, 'error'))).toEqual([['error', '{"code":"INTERNAL"}']]);
  });
});
