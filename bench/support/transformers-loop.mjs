/**
 * transformers.js in a process of its own, started by transformers-js.mjs: takes batches of chat prompts by IPC, and
 * answers how long the batch took with applying the template, tokenizing and decoding.
 *
 *   node bench/support/transformers-loop.mjs HOME THREADS
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [home = '', threads = '1'] = process.argv.slice(2);
const entry = createRequire(join(home, 'package.json')).resolve('@huggingface/transformers');
const { AutoModelForCausalLM, AutoTokenizer, env } = await import(pathToFileURL(entry).href);
env.allowRemoteModels = false;
env.localModelPath = join(home, 'models/');

const tokenizer = await AutoTokenizer.from_pretrained('smollm2');
const model = await AutoModelForCausalLM.from_pretrained('smollm2', {
  dtype: 'q4',
  device: 'cpu',
  session_options: { intraOpNumThreads: Number(threads) },
});

process.on('message', (/** @type {{ prompts: string[], maxTokens: number }} */ { prompts, maxTokens }) => {
  void generate(prompts, maxTokens).then((result) => process.send?.(result));
});
process.send?.({ ready: true });

/** @param {string[]} prompts @param {number} maxTokens */
async function generate(prompts, maxTokens) {
  const began = performance.now();
  const template = { add_generation_prompt: true, tokenize: false };
  const chats = prompts.map((content) =>
    tokenizer.apply_chat_template([{ role: 'user', content }], template),
  );
  const inputs = tokenizer(chats, { add_special_tokens: false, padding: true });
  const promptTokens = inputs.input_ids.dims[1];
  const ids = await model.generate({
    ...inputs,
    max_new_tokens: maxTokens,
    min_new_tokens: maxTokens,
    do_sample: false,
  });
  const texts = tokenizer.batch_decode(ids.slice(null, [promptTokens, null]), { skip_special_tokens: true });
  const [rows, length] = ids.dims;
  const tokens = rows * (length - promptTokens);
  return { seconds: (performance.now() - began) / 1000, tokens, promptTokens, texts };
}
