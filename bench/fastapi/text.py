"""Sentence embeddings: Hugging Face tokenizers and onnxruntime."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from vision import session_options

MAX_TOKENS = 256


class Embedder:
    """all-MiniLM-L6-v2: mean over tokens, then L2 norm."""

    def __init__(self, folder: Path, version: str, threads: int) -> None:
        self.version = version
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()  # to the longest of the batch, not to the file's fixed 128
        self._session = ort.InferenceSession(
            folder / version / "model.onnx",
            session_options(threads),
            providers=["CPUExecutionProvider"],
        )

    def embed(self, texts: list[str]) -> tuple[np.ndarray, int]:
        """Unit vectors [texts, 384] and the number of tokens."""
        encodings = self._tokenizer.encode_batch_fast(texts)
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        (hidden,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )
        weights = mask[..., np.newaxis].astype(np.float32)
        vectors = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors, int(mask.sum())
