# pyright: basic
# (transformers' and tokenizers' own annotations are partial)
"""Who finds toxic language, and what it costs in time: a word list, a moderation endpoint, a small
classifier.

The endpoint is a fake over the wire, so its figures show the way there, not a vendor's judgement.
The classifier is trained here, on other sentences than it is tried on, and served by the local
engine. Precision, recall and F1 come from `/v1/moderations` of a mesh with that one guard; the
delays from chats with the offline demo under a rule for answers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, cast

from jupyter_mesh.config import Config
from jupyter_mesh.errors import ModerationUnavailable
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.pipeline.snapshot import OWN_GUARDS
from jupyter_mesh.schemas.events import Answer
from jupyter_mesh.schemas.json import Json, JsonObject, as_list, dig
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.testing.fake_guards import FakeGuard, Moderations
from jupyter_mesh.testing.principals import analyst

from .report import Row
from .toxic_texts import STYLES, Labelled, texts

_HERE = analyst("bench")
_AT_ONCE = 50
_KNOWN = {
    "piece of shit": "harassment", "kill you": "harassment/threatening", "fuck": "harassment=0.7",
    "Kill yourself": "self-harm/instructions", "hope you die": "harassment/threatening",
    "worthless": "harassment=0.6", "exterminated": "hate/threatening", "nudes": "sexual=0.6",
    "want to die": "self-harm/intent", "kill myself": "self-harm/intent", "retard": "hate=0.6",
    "know where you live": "harassment/threatening", "watch your back": "harassment/threatening",
    "bitch": "harassment", "asshole": "harassment=0.5", "shoot you": "violence",
    "kill the process": "violence=0.2", "disappear from": "harassment=0.45", "dick": "sexual=0.5",
    "not been born": "harassment=0.5", "saving pills": "self-harm/intent=0.6",
    "go to hell": "harassment", "waking up": "self-harm=0.3",
}  # fmt: skip
"""What the fake of an endpoint flags."""


@dataclass
class Contestant:
    """One guard, and the parts of `mesh.yaml` that it needs."""

    name: str
    guard: JsonObject
    connections: JsonObject = field(default_factory=dict)


async def toxicity_sections(folder: Path, quick: bool) -> dict[str, list[Row]]:
    """The table of figures, and the share of each style that is flagged."""
    each = 40 if quick else 100
    tried = texts(each, "try")
    learned = train(folder / "classifier", texts(each, "learn"), epochs=4 if quick else 8)
    figures: list[Row] = []
    by_style: list[Row] = []
    with FakeGuard(Moderations(_KNOWN), api_key=None) as endpoint:
        for one in contestants(learned, endpoint.address):
            async with _Judging(folder / one.name.replace(" ", "-"), one) as mesh:
                await _loaded(mesh)
                flagged = await _flagged(mesh, [text.text for text in tried])
                figures.append({"judge": one.name, **_figures(tried, flagged)})
                by_style.append({"judge": one.name, **_by_style(tried, flagged)})
                figures[-1] |= await _delays(mesh, tried, calls=10 if quick else 40)
    return {"toxicity": figures, "toxicity, share flagged of each style": by_style}


def contestants(model: Path, endpoint: str) -> list[Contestant]:
    """The word list, the endpoint and the classifier."""
    local: JsonObject = {
        "provider": "huggingface",
        "device": "cpu",
        "models": {"toxic": {"path": str(model), "task": "classify", "internal": True}},
    }
    remote: JsonObject = {"guard": "openai_moderation", "base_url": endpoint, "residency": "local"}
    return [
        Contestant("word list", {"guard": "word_list"}),
        Contestant("moderation endpoint, fake", remote),
        Contestant(
            "small classifier", {"guard": "classifier", "model": "local/toxic"}, {"local": local}
        ),
    ]


def train(folder: Path, learn: Sequence[Labelled], epochs: int) -> Path:
    """A BERT of two layers that tells toxic texts from others; returns `folder`."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=1500, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator([one.text for one in learn], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]", model_max_length=256,
    )  # fmt: skip
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(fast), hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=128, max_position_embeddings=256, pad_token_id=0,
            id2label={0: "harmless", 1: "toxic"}, label2id={"harmless": 0, "toxic": 1},
        )
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    order = random.Random(0)
    rows = list(learn)
    model.train()
    for _ in range(epochs):
        order.shuffle(rows)
        for start in range(0, len(rows), 32):
            some = rows[start : start + 32]
            inputs = fast(
                [one.text for one in some], padding=True, truncation=True, return_tensors="pt"
            )
            labels = torch.tensor([int(one.toxic) for one in some])
            loss = model(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                labels=labels,
            ).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


class _Judging:
    """A mesh with one guard, over the offline demo."""

    def __init__(self, folder: Path, one: Contestant) -> None:
        echo: JsonObject = {"provider": "echo", "delay_ms": 0}
        slow: JsonObject = {"provider": "echo", "delay_ms": 20}
        self._folder = folder
        self._config = Config.model_validate(
            {
                "connections": {"echo": echo, "slow": slow, **one.connections},
                "guards": {"judge": one.guard},
                "moderation": [{"guard": "judge", "action": "alert"}],
                "cache": {"exact": {"enabled": False}},
                "offers": False,
            }
        )

    async def __aenter__(self) -> Mesh:
        self._mesh = await Mesh.start(self._config, state_dir=self._folder, host="standalone")
        return self._mesh

    async def __aexit__(self, *_: object) -> None:
        await self._mesh.aclose()


async def _loaded(mesh: Mesh) -> None:
    """Wait until the guard answers: a model that is loaded takes longer than a call may."""
    while True:
        try:
            await _flagged(mesh, ["Hello"])
        except ModerationUnavailable:
            continue
        return


async def _flagged(mesh: Mesh, every: Sequence[str]) -> list[bool]:
    found: list[bool] = []
    for start in range(0, len(every), _AT_ONCE):
        body: JsonObject = {"model": OWN_GUARDS, "input": [*every[start : start + _AT_ONCE]]}
        data, _ = await _ask(mesh, Operation.MODERATION, body)
        found += [dig(one, "flagged") is True for one in as_list(data.get("results")) or []]
    return found


async def _ask(mesh: Mesh, operation: Operation, body: JsonObject) -> tuple[JsonObject, Call]:
    call = mesh.call(_HERE, parse_request(operation, body))
    data: JsonObject = {}
    async with aclosing(mesh.run(call)) as events:
        async for event in events:
            if isinstance(event, Answer):
                data = event.data
    return data, call


def _figures(tried: Sequence[Labelled], flagged: Sequence[bool]) -> Row:
    right = sum(one.toxic and hit for one, hit in zip(tried, flagged, strict=True))
    hits, toxic = sum(flagged), sum(one.toxic for one in tried)
    precision = right / hits if hits else 0.0
    recall = right / toxic
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"texts": float(len(tried)), "precision": precision, "recall": recall, "F1": f1}


def _by_style(tried: Sequence[Labelled], flagged: Sequence[bool]) -> Mapping[str, str | float]:
    shares: dict[str, str | float] = {}
    for style in STYLES:
        hits = [hit for one, hit in zip(tried, flagged, strict=True) if one.style == style]
        shares[style] = sum(hits) / len(hits)
    return shares


async def _delays(mesh: Mesh, tried: Sequence[Labelled], calls: int) -> Row:
    """How long text waits: a whole answer, and the longest of a stream with 20 ms between words."""
    chosen = random.Random(1).sample([one.text for one in tried], calls + 1)
    await _held(mesh, chosen.pop(), "echo")  # the first asks for what is not there yet
    whole = sorted([await _held(mesh, text, "echo") for text in chosen])
    streamed = [
        await _held(mesh, text, "slow", stream=True) for text in chosen[: max(5, calls // 8)]
    ]
    return {
        "judging a whole answer, ms p50": median(whole),
        "p95": whole[int(0.95 * (len(whole) - 1))],
        "longest wait in a stream of 50 words/s, ms p50": median(streamed),
    }


async def _held(mesh: Mesh, text: str, connection: str, *, stream: bool = False) -> float:
    messages = cast(Json, [{"role": "user", "content": text}])
    body: dict[str, Any] = {"model": f"{connection}/echo", "messages": messages, "stream": stream}
    _, call = await _ask(mesh, Operation.CHAT, body)
    assert call.report.held_back_ms is not None
    return call.report.held_back_ms
