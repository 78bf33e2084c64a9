"""Image decoding and classification: Pillow and onnxruntime."""

from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image, ImageOps, UnidentifiedImageError

RESIZE_TO = 256
CROP_TO = 224
Image.MAX_IMAGE_PIXELS = 50_000_000


class UndecodableImage(ValueError):
    """The bytes are not an image that Pillow can read."""


def session_options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return options


def decode(data: bytes, draft: bool = False) -> np.ndarray:
    """Bytes of an image as float32 [1, 3, 224, 224], RGB, (value - 127) / 128.

    `draft` lets libjpeg decode at 1/2, 1/4 or 1/8 of the size, never below what the resize needs.
    """
    try:
        image = Image.open(BytesIO(data))
        if draft:
            image.draft("RGB", (RESIZE_TO, RESIZE_TO))
        image = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise UndecodableImage(str(error)) from error
    scale = RESIZE_TO / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    image = image.resize(size, Image.Resampling.BICUBIC)
    left = (image.width - CROP_TO) // 2
    top = (image.height - CROP_TO) // 2
    image = image.crop((left, top, left + CROP_TO, top + CROP_TO))
    pixels = (np.asarray(image, dtype=np.float32) - 127.0) / 128.0
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))[np.newaxis]


class Classifier:
    """EfficientNet-Lite0 with its labels."""

    def __init__(self, folder: Path, version: str, threads: int) -> None:
        self.version = version
        self._labels = (folder / "labels.txt").read_text(encoding="utf-8").splitlines()
        self._session = ort.InferenceSession(
            folder / version / "model.onnx",
            session_options(threads),
            providers=["CPUExecutionProvider"],
        )

    def predict(self, data: bytes, top_k: int, draft: bool = False) -> list[tuple[str, float]]:
        return self.classify(decode(data, draft), top_k)

    def classify(self, tensor: np.ndarray, top_k: int) -> list[tuple[str, float]]:
        (probabilities,) = self._session.run(["probabilities"], {"image": tensor})
        row = probabilities[0]
        best = np.argpartition(row, -top_k)[-top_k:]
        best = best[np.argsort(row[best])[::-1]]
        return [(self._labels[index], float(row[index])) for index in best]
