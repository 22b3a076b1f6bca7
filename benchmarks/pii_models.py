"""Small models that learn to find names from marked texts, here and now: they show what the paths
for such models find, not what a good model would.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .pii_set import Marked, Span, values

_LEARNT = ("PERSON", "ORGANIZATION", "STREET_ADDRESS", "GPE", "TITLE", "AGE", "NRP")
_ROUNDS = 10
_BATCH = 32
_TURNS = 6
_RATE = 2e-3
_VOCABULARY = 900
_WINDOW = 160


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
    """A small BERT with a vocabulary of its own, saved to `folder` as the local engine loads it."""
    import torch
    from transformers import BertConfig, BertForTokenClassification

    torch.manual_seed(4)
    tokenizer = _tokenizer(texts)
    labels = ["O", *(f"{side}-{entity}" for entity in _LEARNT for side in "BI")]
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=_WINDOW,
        pad_token_id=0,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    model: Any = BertForTokenClassification(config)
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


def _tokenizer(texts: Sequence[Marked]) -> Any:
    """Short pieces of words as they are written: a capital tells most of what tells a name, and a
    name that was never seen has pieces that were.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made: Any = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=_VOCABULARY, special_tokens=special)
    made.train_from_iterator([one.text for one in texts], trainer)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=_WINDOW,
    )


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
