"""Bodies of requests and replies."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reply(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class PredictRequest(Request):
    image_url: HttpUrl
    top_k: int = Field(default=5, ge=1, le=100)


class Prediction(Reply):
    label: str
    confidence: float


class PredictReply(Reply):
    predictions: list[Prediction]
    model_version: str
    inference_time_ms: float


class EmbedRequest(Request):
    text: Text | Annotated[list[Text], Field(min_length=1, max_length=256)]


class Usage(Reply):
    tokens: int


class EmbedReply(Reply):
    embeddings: list[list[float]]
    dimensions: int
    model: str
    model_version: str
    usage: Usage
    inference_time_ms: float
