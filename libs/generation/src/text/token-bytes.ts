/** The parts of a tokenizer.json that define the text of tokens. */
export interface TokenizerFile {
  readonly model: {
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
  };
  readonly added_tokens?: readonly {
    readonly id: number;
    readonly content: string;
    readonly special?: boolean;
  }[];
  readonly decoder?: DecoderSpec | null;
}

interface DecoderSpec {
  readonly type: string;
  readonly decoders?: readonly DecoderSpec[];
}

const EMPTY = new Uint8Array(0);

/** UTF-8 bytes of each token, by token id. Special tokens have none, because they are never shown. */
export class TokenBytes {
  readonly #bytes: readonly Uint8Array[];
  readonly #special: ReadonlySet<number>;

  private constructor(bytes: readonly Uint8Array[], special: ReadonlySet<number>) {
    this.#bytes = bytes;
    this.#special = special;
  }

  /** Number of ids, including gaps. */
  get size(): number {
    return this.#bytes.length;
  }

  /** Whether a token is not text, such as one that begins or ends a message. */
  isSpecial(id: number): boolean {
    return this.#special.has(id);
  }

  /** Bytes shown for a token; none for special and unknown ones. */
  of(id: number): Uint8Array {
    return this.#special.has(id) ? EMPTY : (this.#bytes[id] ?? EMPTY);
  }

  /** The token's own bytes, special or not. */
  rawBytes(id: number): readonly number[] {
    return [...(this.#bytes[id] ?? EMPTY)];
  }

  /** The token's own text, special or not, as reported with log probabilities. */
  label(id: number): string {
    return Buffer.from(this.#bytes[id] ?? EMPTY).toString('utf8');
  }

  /** Reads the vocabulary. Supports byte-level tokens (GPT-2) and SentencePiece's `▁` and `<0xNN>`. */
  static from(file: TokenizerFile): TokenBytes {
    const toBytes = usesByteLevel(file.decoder) ? byteLevelBytes() : pieceBytes;
    const bytes: Uint8Array[] = [];
    const { vocab } = file.model;
    const entries: readonly (readonly [string, number])[] = isPairs(vocab)
      ? vocab.map(([token], id) => [token, id] as const)
      : Object.entries(vocab);
    for (const [token, id] of entries) bytes[id] = toBytes(token);
    const special = new Set<number>();
    for (const { id, content, special: hidden } of file.added_tokens ?? []) {
      bytes[id] = Buffer.from(content, 'utf8');
      if (hidden === true) special.add(id);
    }
    return new TokenBytes(
      Array.from(bytes, (entry: Uint8Array | undefined) => entry ?? EMPTY),
      special,
    );
  }
}

function isPairs(vocab: TokenizerFile['model']['vocab']): vocab is readonly (readonly [string, number])[] {
  return Array.isArray(vocab);
}

function usesByteLevel(decoder: DecoderSpec | null | undefined): boolean {
  if (decoder === null || decoder === undefined) return false;
  return decoder.type === 'ByteLevel' || (decoder.decoders ?? []).some((inner) => usesByteLevel(inner));
}

/** GPT-2's alphabet: printable Latin-1 characters stand for themselves, the other bytes for U+0100 and up. */
function byteLevelBytes(): (token: string) => Uint8Array {
  const byteOf = new Map<string, number>();
  let extra = 0;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    byteOf.set(String.fromCharCode(printable ? byte : 256 + extra++), byte);
  }
  return (token) => {
    const characters = Array.from(token);
    const bytes = characters.map((character) => byteOf.get(character));
    return bytes.includes(undefined)
      ? Buffer.from(token, 'utf8')
      : Uint8Array.from(bytes as readonly number[]);
  };
}

function pieceBytes(token: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return byte === undefined
    ? Buffer.from(token.replaceAll('▁', ' '), 'utf8')
    : Uint8Array.of(Number.parseInt(byte, 16));
}
