import { fork } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once, setUpBy } from './once.mjs';
import { BENCH, MODELS, WORK } from './paths.mjs';

const PACKAGE = '@huggingface/transformers@4.3.1';
const CONVERTER_PACKAGES = ['onnx==1.23.2', 'numpy==2.4.6'];

const HOME = join(WORK, 'transformers');
const MODEL = join(HOME, 'models/smollm2');
const VENV = join(WORK, 'convert-venv');
const SOURCE = join(MODELS, 'smollm2-135m-instruct');
const CONVERTER = join(BENCH, 'support/ordinary_decoder.py');

/** The `config.json` of SmolLM2-135M. */
const CONFIG = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  hidden_size: 576,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  num_hidden_layers: 30,
  vocab_size: 49152,
  max_position_embeddings: 2048,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 2,
};

/** Installs transformers.js and writes the same weights in the form that it runs, once. */
export function prepareTransformersJs() {
  once(VENV, CONVERTER_PACKAGES.join('\n'), () => {
    console.log('Installing the converter into bench/.work/convert-venv (once) ...');
    setUpBy(process.env['PYTHON'] ?? 'python3', ['-m', 'venv', '--clear', VENV]);
    setUpBy(join(VENV, 'bin/pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...CONVERTER_PACKAGES,
    ]);
  });
  once(HOME, `${PACKAGE}\n${readFileSync(CONVERTER, 'utf8')}`, () => {
    console.log('Installing transformers.js into bench/.work/transformers (once) ...');
    mkdirSync(join(MODEL, 'onnx'), { recursive: true });
    writeFileSync(join(HOME, 'package.json'), '{ "private": true, "type": "module" }\n');
    // The package of ONNX Runtime contains the CPU build; its install script would download CUDA libraries.
    const env = { ONNXRUNTIME_NODE_INSTALL: 'skip' };
    setUpBy('npm', ['install', '--no-audit', '--no-fund', '--silent', PACKAGE], { cwd: HOME, env });
    const convert = (/** @type {string} */ file, /** @type {string[]} */ ...options) =>
      setUpBy(join(VENV, 'bin/python'), [
        CONVERTER,
        join(SOURCE, '1/model.onnx'),
        join(MODEL, 'onnx', file),
        ...options,
      ]);
    convert('model_q4.onnx');
    convert('model.onnx', '--float32');
    for (const name of ['tokenizer.json', 'generation_config.json'])
      cpSync(join(SOURCE, name), join(MODEL, name));
    const tokenizer = JSON.parse(readFileSync(join(SOURCE, 'tokenizer_config.json'), 'utf8'));
    tokenizer.chat_template = readFileSync(join(SOURCE, 'chat_template.jinja'), 'utf8');
    writeFileSync(join(MODEL, 'tokenizer_config.json'), JSON.stringify(tokenizer));
    writeFileSync(join(MODEL, 'config.json'), JSON.stringify(CONFIG));
  });
}

/**
 * Starts a process that holds the model and generates on request.
 *
 * @param {{ threads: number, dtype: 'fp32' | 'q4' }} options ONNX Runtime's intra-op threads; which weights.
 */
export async function startTransformersJs({ threads, dtype }) {
  const child = fork(join(BENCH, 'support/transformers-loop.mjs'), [HOME, String(threads), dtype], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  /** Rejects the reply that is waited for. @type {(reason: Error) => void} */
  let fail = () => undefined;
  child.once('exit', (code) => fail(new Error(`transformers.js ended with ${code}.`)));
  /** @returns {Promise<any>} */
  const reply = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      fail = reject;
    });
  await reply();
  return {
    name: 'transformers.js',
    /**
     * @param {readonly string[]} prompts
     * @param {number} maxTokens
     * @param {boolean} together In one batch; otherwise one call for each prompt, all at once.
     * @returns {Promise<{ seconds: number, tokens: number, promptTokens: number, texts: string[] }>}
     */
    generate: (prompts, maxTokens, together) => {
      const answer = reply();
      child.send({ prompts, maxTokens, together });
      return answer;
    },
    stop: () => {
      child.removeAllListeners('exit');
      child.kill();
    },
  };
}
