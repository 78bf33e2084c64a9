"""The same service as a Python team would write it: FastAPI, httpx, Pillow, tokenizers, onnxruntime.

Run by gunicorn with uvicorn workers (gunicorn.conf.py). Each worker process loads its own sessions once, fetches
images on the event loop over kept connections, and decodes and runs in a small pool of threads.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from time import perf_counter
from typing import Any, Callable

import httpx
from fastapi import FastAPI, Request

import errors
from errors import ServiceError
from schemas import EmbedReply, EmbedRequest, Prediction, PredictReply, PredictRequest, Usage
from text import Embedder
from vision import Classifier, UndecodableImage

MODELS = Path(os.environ["MODEL_PATH"])
INTRA_OP_THREADS = int(os.environ.get("INTRA_OP_THREADS", "1"))
INFERENCE_THREADS = int(os.environ.get("INFERENCE_THREADS", "2"))
MAX_IMAGE_BYTES = 20_000_000


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.classifier = Classifier(MODELS / "efficientnet-lite0", "2", INTRA_OP_THREADS)
    app.state.embedder = Embedder(MODELS / "minilm-l6-v2", "1", INTRA_OP_THREADS)
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=32)
    with ThreadPoolExecutor(INFERENCE_THREADS, thread_name_prefix="inference") as pool:
        async with httpx.AsyncClient(timeout=10, follow_redirects=True, max_redirects=3, limits=limits) as client:
            app.state.pool = pool
            app.state.client = client
            yield


app = FastAPI(title="FastAPI peer", lifespan=lifespan)
errors.install(app)


async def in_pool(request: Request, work: Callable[..., Any], *arguments: Any) -> Any:
    """Runs blocking work off the event loop, in a pool that is no larger than useful."""
    return await asyncio.get_running_loop().run_in_executor(request.app.state.pool, work, *arguments)


async def fetch(client: httpx.AsyncClient, url: str) -> bytes:
    """Bytes of a remote image, refused once they pass the limit."""
    try:
        async with client.stream("GET", url) as response:
            response.raise_for_status()
            data = bytearray()
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > MAX_IMAGE_BYTES:
                    raise ServiceError(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "The image is over 20 MB.")
    except httpx.HTTPError as error:
        raise ServiceError(
            HTTPStatus.BAD_REQUEST, "INVALID_INPUT", f"The image could not be fetched: {error}."
        ) from error
    return bytes(data)


async def classify(request: Request, body: PredictRequest, draft: bool) -> PredictReply:
    state = request.app.state
    data = await fetch(state.client, str(body.image_url))
    started = perf_counter()
    try:
        best = await in_pool(request, state.classifier.predict, data, body.top_k, draft)
    except UndecodableImage as error:
        raise ServiceError(
            HTTPStatus.BAD_REQUEST, "INVALID_INPUT", f"The image could not be decoded: {error}."
        ) from error
    return PredictReply(
        predictions=[Prediction(label=label, confidence=confidence) for label, confidence in best],
        model_version=state.classifier.version,
        inference_time_ms=(perf_counter() - started) * 1000,
    )


@app.post("/api/v1/predict")
async def predict(request: Request, body: PredictRequest) -> PredictReply:
    """Decodes as Pillow is usually used: the whole image, then the resize."""
    return await classify(request, body, draft=False)


@app.post("/draft/api/v1/predict")
async def predict_draft(request: Request, body: PredictRequest) -> PredictReply:
    """Decodes big JPEGs scaled down, by Pillow's draft mode."""
    return await classify(request, body, draft=True)


@app.post("/api/v1/embed")
async def embed(request: Request, body: EmbedRequest) -> EmbedReply:
    state = request.app.state
    texts = [body.text] if isinstance(body.text, str) else body.text
    started = perf_counter()
    vectors, tokens = await in_pool(request, state.embedder.embed, texts)
    return EmbedReply(
        embeddings=vectors.tolist(),
        dimensions=vectors.shape[1],
        model="minilm-l6-v2",
        model_version=state.embedder.version,
        usage=Usage(tokens=tokens),
        inference_time_ms=(perf_counter() - started) * 1000,
    )


@app.get("/health/ready")
async def ready() -> dict[str, str]:
    """Answers after lifespan has loaded the models, because no worker accepts requests before that."""
    return {"status": "ready"}
