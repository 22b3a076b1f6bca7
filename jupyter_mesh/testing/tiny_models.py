# pyright: basic
# (transformers' and tokenizers' own annotations are partial)
"""Small real models, built on disk in a second or two, without a network.

Weights are random but fixed by a seed, tokenizers are trained on the text below; so what comes out
makes no sense, yet every part of serving is exercised as with a large model: files, templates,
attention, sampling, pooling, labels. Needs the extra `local` (torch, transformers).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

CONTEXT_WINDOW = 256
"""Tokens that the chat model holds; the encoders take 128."""

_ENCODER_WINDOW = 128
_TEXT = [
    "The quick brown fox jumps over the lazy dog while the gateway counts every token.",
    "A notebook asks, a model answers, and somebody pays: the mesh writes all of it down.",
    "Ada Lovelace wrote to Charles Babbage from London; Grace Hopper worked in New York.",
    "Ünïcödé wörks: naïve café, Straße, дом и сад, 東京の天気は晴れです, 你好世界, 🚀✨👩‍🚀.",
    "def mean(values):\n    return sum(values) / len(values)\n\nprint(mean([1, 2, 3.5]))",
    "Prices rose 3.7% in 2025; revenue was $1,024,000 — up from $998,500 the year before.",
]
_CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] not in ['system', 'user', 'assistant'] %}"
    "{{ raise_exception('Only system, user and assistant may speak') }}{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if shout is defined and shout %}{{ message['content'] | upper }}"
    "{% else %}{{ message['content'] }}{% endif %}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_chat(folder: Path, *, seed: int = 0, hidden_size: int = 64, layers: int = 2) -> Path:
    """A Llama with a byte-level BPE tokenizer and a ChatML template; returns `folder`.

    Args:
        folder: Where to write it; made if missing.
        seed: Of the weights.
        hidden_size: Width; a multiple of 8. More width and layers make each token take longer.
        layers: Depth.
    """
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tokenizer = _byte_level_bpe()
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden_size,
            intermediate_size=2 * hidden_size,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=CONTEXT_WINDOW,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
            tie_word_embeddings=True,
            # Wide enough that greedy choices differ from token to token.
            initializer_range=0.3,
        )
    )
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=[2, 4], pad_token_id=0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_embedder(folder: Path, *, seed: int = 0) -> Path:
    """A BERT in the layout of sentence-transformers: mean pooling, normalised; returns `folder`."""
    from transformers import BertModel

    tokenizer = _word_piece()
    _save_bert(BertModel, folder, tokenizer, seed)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    _write(
        folder / "modules.json",
        [
            {
                "idx": index,
                "name": str(index),
                "path": path,
                "type": f"sentence_transformers.{kind}",
            }
            for index, (path, kind) in enumerate(kinds.items())
        ],
    )
    _write(folder / "1_Pooling/config.json", {"pooling_mode_mean_tokens": True})
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 64, "do_lower_case": False})
    return folder


def build_classifier(
    folder: Path,
    *,
    labels: Sequence[str] = ("negative", "neutral", "positive"),
    multi_label: bool = False,
    seed: int = 0,
) -> Path:
    """A BERT that puts texts into classes; returns `folder`.

    Args:
        folder: Where to write it.
        labels: Names of the classes.
        multi_label: Whether a text may be in several classes at once.
        seed: Of the weights.
    """
    from transformers import BertForSequenceClassification

    kind = "multi_label_classification" if multi_label else None
    options = {**_labelled(labels), "problem_type": kind}
    _save_bert(BertForSequenceClassification, folder, _word_piece(), seed, **options)
    return folder


def build_token_classifier(
    folder: Path,
    *,
    labels: Sequence[str] = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"),
    seed: int = 0,
) -> Path:
    """A BERT that labels tokens, by default in the IOB scheme; returns `folder`."""
    from transformers import BertForTokenClassification

    _save_bert(BertForTokenClassification, folder, _word_piece(), seed, **_labelled(labels))
    return folder


def _labelled(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
    }


def _save_bert(
    kind: type, folder: Path, tokenizer: PreTrainedTokenizerFast, seed: int, **options: Any
) -> None:
    import torch
    from transformers import BertConfig

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=_ENCODER_WINDOW,
        pad_token_id=0,
        initializer_range=0.3,
        **options,
    )
    kind(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _byte_level_bpe() -> PreTrainedTokenizerFast:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]  # the ids 0 to 4
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        additional_special_tokens=special[3:],
        model_max_length=CONTEXT_WINDOW,
    )
    fast.chat_template = _CHAT_TEMPLATE
    return fast


def _word_piece() -> PreTrainedTokenizerFast:
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=_ENCODER_WINDOW,
    )


def _write(path: Path, content: object) -> None:
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
