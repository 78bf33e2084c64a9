/**
 * transformers.js in a separate process, started by transformers-js.mjs: receives batches of chat prompts by IPC, and
 * reports how long the batch took, including template, tokenizing and decoding.
 *
 *   node bench/support/transformers-loop.mjs HOME THREADS DTYPE
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [home = '', threads = '1', dtype = 'fp32'] = process.argv.slice(2);
const entry = createRequire(join(home, 'package.json')).resolve('@huggingface/transformers');
const { AutoModelForCausalLM, AutoTokenizer, env } = await import(pathToFileURL(entry).href);
env.allowRemoteModels = false;
env.localModelPath = join(home, 'models/');

const tokenizer = await AutoTokenizer.from_pretrained('smollm2');
const model = await AutoModelForCausalLM.from_pretrained('smollm2', {
  dtype: /** @type {'fp32' | 'q4'} */ (dtype),
  device: 'cpu',
  session_options: { intraOpNumThreads: Number(threads) },
});

/** @typedef {{ prompts: string[], maxTokens: number, together: boolean }} Request */

process.on('message', (/** @type {Request} */ { prompts, maxTokens, together }) => {
  const result = together ? generate(prompts, maxTokens) : generateEach(prompts, maxTokens);
  void result.then((answer) => process.send?.(answer));
});
process.send?.({ ready: true });

/** One concurrent call for each prompt, like the callers of a server. @param {string[]} prompts @param {number} maxTokens */
async function generateEach(prompts, maxTokens) {
  const began = performance.now();
  const results = await Promise.all(prompts.map((prompt) => generate([prompt], maxTokens)));
  return {
    seconds: (performance.now() - began) / 1000,
    tokens: results.reduce((sum, { tokens }) => sum + tokens, 0),
    promptTokens: results[0]?.promptTokens,
    texts: results.flatMap(({ texts }) => texts),
  };
}

/** One call for all prompts. @param {string[]} prompts @param {number} maxTokens */
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
