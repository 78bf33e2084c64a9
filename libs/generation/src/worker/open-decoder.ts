import type { InferenceSession } from '@aerie/engine';
import type { Decoder } from '../decoder/decoder.js';
import { ExternalKvDecoder } from '../decoder/external-kv.decoder.js';
import { HuggingFaceDecoder } from '../decoder/hugging-face.decoder.js';
import type { ModelFiles } from './model-files.js';

/** Options for opening a decoder. */
export interface OpenDecoderOptions {
  readonly maxSlots: number;
  readonly contextLength: number;
  /** Query heads per key-value head; null to find it by trial. */
  readonly queryGroups: number | null;
}

/** Group sizes to try on a model that does not declare its own, common ones first. */
const GROUPS_TO_TRY = [3, 1, 2, 4, 8, 5, 6, 7, 12, 16, 32] as const;

/** Wraps a session in the decoder that its graph requires. */
export async function openDecoder(
  session: InferenceSession,
  files: ModelFiles,
  options: OpenDecoderOptions,
): Promise<Decoder> {
  if (HuggingFaceDecoder.fits(session)) {
    const decoder = new HuggingFaceDecoder(session, options.maxSlots, headSizeFromConfig(files));
    await decoder.prefill(0, [0, 0]);
    decoder.clear(0);
    return decoder;
  }
  if (!ExternalKvDecoder.fits(session)) {
    throw new Error(
      `not a supported decoder: its inputs are ${session.inputs.map(({ name }) => name).join(', ')}`,
    );
  }
  const dimensions = { maxRows: Math.max(options.maxSlots, 2), maxTokens: options.contextLength };
  const known = options.queryGroups ?? groupsFromConfig(files);
  for (const groups of known === null ? GROUPS_TO_TRY : [known]) {
    const decoder = new ExternalKvDecoder(session, { ...dimensions, groups });
    if (await runs(decoder)) return decoder;
  }
  throw new Error(
    `the model did not run with ${String(known ?? GROUPS_TO_TRY.join(', '))} query heads per key-value head`,
  );
}

function groupsFromConfig({ config }: ModelFiles): number | null {
  const heads = config.num_attention_heads;
  const keyValueHeads = config.num_key_value_heads ?? heads;
  return typeof heads === 'number' && typeof keyValueHeads === 'number' ? heads / keyValueHeads : null;
}

function headSizeFromConfig({ config }: ModelFiles): number | null {
  const { head_dim: headSize, hidden_size: width, num_attention_heads: heads } = config;
  if (typeof headSize === 'number') return headSize;
  return typeof width === 'number' && typeof heads === 'number' ? width / heads : null;
}

/** Warms up the session, and tells whether the group size is right. */
async function runs(decoder: ExternalKvDecoder): Promise<boolean> {
  try {
    await decoder.tryOut();
    return true;
  } catch {
    return false;
  }
}
