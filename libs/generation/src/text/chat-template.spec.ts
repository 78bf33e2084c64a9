import { describe, expect, it } from '@jest/globals';
import { Template } from '@huggingface/jinja';
import { ChatTemplate } from './chat-template.js';

const TOKENS = { bosToken: '<s>', eosToken: '</s>' };
const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi' },
];

const render = (source: string) => new ChatTemplate(source, TOKENS).render(MESSAGES);

describe('ChatTemplate', () => {
  it.each([
    '{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{{ eos_token }}\n{% endfor %}',
    '{% if messages[0]["role"] == "system" %}\n  {%- set rest = messages[1:] %}\n{% endif %}{{ rest | length }}',
    '{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, -2, -3) %}{{ i }},{% endfor %}{{ range(2, 4) | tojson }}',
    '{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}',
    '{{ strftime_now("%Y-%m-%d") }}{{ True }}{{ False }}{{ None }}{% if none is none and true and not false %}x{% endif %}',
    '{% macro turn(m) %}[{{ m.content }}]{% endmacro %}{{ turn(messages[1]) }}{{ messages | tojson(indent=2) }}',
  ])('renders like the library: %s', (source) => {
    const plain = new Template(source).render({
      messages: MESSAGES,
      add_generation_prompt: true,
      bos_token: TOKENS.bosToken,
      eos_token: TOKENS.eosToken,
    });
    expect(render(source)).toBe(plain);
  });

  it("passes on a template's reason for refusing the messages", () => {
    expect(() => render('{{ raise_exception("roles must alternate") }}')).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/roles must alternate/),
      }),
    );
  });

  // Each of these ended the process, or kept the thread until it was taken for wedged.
  it.each([
    ['a range', '{% set x = range(1000000000) %}x'],
    ['a range downwards', '{% set x = range(0, -1000000000, -1) %}x'],
    ['loops in loops', '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}'],
    [
      'lists that double',
      '{% set ns = namespace(x=[1, 2]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}',
    ],
    [
      'texts that double',
      '{% set ns = namespace(x="ab") %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}',
    ],
    [
      'lists of lists',
      '{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}',
    ],
    [
      'objects of objects',
      '{% set ns = namespace(x={"a": 1}) %}{% for i in range(60) %}{% set ns.x = {"a": ns.x, "b": ns.x} %}{% endfor %}{{ ns.x | tojson }}',
    ],
    ['an indentation', '{{ "a\nb" | indent(500000000) }}'],
    ['an indentation by name', '{{ messages | tojson(indent=500000000) }}'],
    [
      'many large values',
      '{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = ns.x + [range(9999)] %}{% endfor %}',
    ],
    [
      'much output',
      '{% for i in range(99999) %}{{ "abcdefgh" ~ (messages | tojson(indent=999)) }}{% endfor %}',
    ],
  ])('ends a rendering that is too large: %s', (_, source) => {
    expect(() => render(source)).toThrow(
      expect.objectContaining({
        code: 'INTERNAL',
        message: expect.stringMatching(/^The model's chat template cannot be rendered: /),
      }),
    );
  });
});
