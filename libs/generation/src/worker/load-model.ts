import type { OpenedSession } from '@aerie/engine';
import type { Decoder } from '../decoder/decoder.js';
import type { TaskEnvironment } from '../scheduler/generation-task.js';
import { ChatTemplate } from '../text/chat-template.js';
import { PromptEncoder } from '../text/prompt-encoder.js';
import { TokenBytes } from '../text/token-bytes.js';
import type { LanguageModelInfo, WorkerOptions } from './messages.js';
import { eosIdsOf, namedToken, readModelFiles, tokenIdOf } from './model-files.js';
import { openDecoder } from './open-decoder.js';

/** A language model, ready to run. */
export interface LoadedLanguageModel {
  readonly decoder: Decoder;
  readonly encoder: PromptEncoder;
  readonly environment: TaskEnvironment;
  readonly description: LanguageModelInfo;
}

/** Reads the files beside the weights and makes the session a decoder. */
export async function loadModel(opened: OpenedSession, options: WorkerOptions): Promise<LoadedLanguageModel> {
  const files = readModelFiles(options.directory);
  const { session, deviceId, failedProviders } = opened;
  const { contextLength } = options;
  const decoder = await openDecoder(session, files, options);
  const bosToken = namedToken(files, 'bos_token');
  const chatTemplate =
    files.chatTemplate === null
      ? null
      : new ChatTemplate(files.chatTemplate, { bosToken, eosToken: namedToken(files, 'eos_token') });
  return {
    decoder,
    encoder: new PromptEncoder({
      tokenizerFile: files.tokenizer,
      tokenizerConfig: files.tokenizerConfig,
      chatTemplate,
      contextLength,
      bosId: tokenIdOf(files, bosToken),
    }),
    environment: { eosIds: eosIdsOf(files), contextLength, tokenBytes: TokenBytes.from(files.tokenizer) },
    description: {
      vocabSize: decoder.vocabSize,
      contextLength,
      decoder: decoder.canShare ? 'external-kv' : 'hugging-face',
      provider: session.provider,
      deviceId,
      handles: session.handles,
      failedProviders,
    },
  };
}
