# pyright: basic
# (transformers' and torch's own annotations are partial)
"""How the next token is chosen: a request's wishes in the terms of `transformers.generate`."""

from __future__ import annotations

import copy
import secrets
from typing import TYPE_CHECKING, Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList, RepetitionPenaltyLogitsProcessor

from ..errors import ProviderRejected
from ..spi.jobs import Sampling
from .loading import Model

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GenerationConfig


def generation_config(
    model: Model, wish: Sampling, *, max_new_tokens: int, pad_token: int
) -> GenerationConfig:
    """The model's own generation config with the request's wishes on top.

    Without a temperature the model's config decides whether to sample, unless the request asks for
    something that only sampling can give (`top_p`, `top_k`, several answers).
    """
    config = copy.deepcopy(model.generation_config)
    sample = bool(config.do_sample) or wish.n > 1 or (wish.top_p, wish.top_k) != (None, None)
    if wish.temperature is not None:
        sample = wish.temperature > 0
    own: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0, "top_k": 0}
    chosen = {"temperature": wish.temperature, "top_p": wish.top_p, "top_k": wish.top_k}
    for name, neutral in own.items():
        value = chosen[name] if chosen[name] is not None else getattr(config, name, None)
        if not config.do_sample and chosen[name] is None:
            value = neutral  # a greedy config's leftovers were never meant for sampling
        setattr(config, name, value if sample else None)
    config.do_sample = sample
    config.max_new_tokens, config.max_length = max_new_tokens, None
    config.pad_token_id = pad_token
    config.num_beams = config.num_return_sequences = 1
    config.repetition_penalty = None  # applied by `logits_processors`, after the log-probabilities
    config.return_dict_in_generate = False
    return config


def seed(value: int | None) -> None:
    """Make the next choices repeatable, or surely not those of an earlier seeded request."""
    torch.manual_seed(secrets.randbits(63) if value is None else value)


class LogprobRecorder(LogitsProcessor):
    """Keeps the model's own log-probabilities of the step under way; changes nothing."""

    def __init__(self) -> None:
        self.last: Tensor | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        self.last = torch.log_softmax(scores.float(), dim=-1)
        return scores


class AnswerPenalties(LogitsProcessor):
    """OpenAI's presence and frequency penalties and logit bias; the prompt does not count.

    Source: https://platform.openai.com/docs/advanced-usage, "Frequency and presence penalties".
    """

    def __init__(self, wish: Sampling, prompt_length: int, bias: Tensor | None) -> None:
        self._wish = wish
        self._prompt_length = prompt_length
        self._bias = bias

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        answer = input_ids[:, self._prompt_length :]
        counts = torch.zeros_like(scores)
        counts.scatter_add_(1, answer, torch.ones_like(answer, dtype=scores.dtype))
        scores = scores - counts * self._wish.frequency_penalty
        scores = scores - (counts > 0) * self._wish.presence_penalty
        return scores if self._bias is None else scores + self._bias


def logits_processors(
    model: Model, wish: Sampling, *, prompt_length: int
) -> tuple[LogitsProcessorList, LogprobRecorder | None]:
    """What happens to the logits before sampling, and the recorder when one is asked for.

    Raises:
        ProviderRejected: `logit_bias` names a token the model does not have.
    """
    processors = LogitsProcessorList()
    recorder = LogprobRecorder() if wish.logprobs is not None else None
    if recorder is not None:
        processors.append(recorder)
    penalty = wish.repetition_penalty or model.generation_config.repetition_penalty or 1.0
    if penalty != 1.0:
        processors.append(RepetitionPenaltyLogitsProcessor(penalty))
    if wish.presence_penalty or wish.frequency_penalty or wish.logit_bias:
        bias = _bias(model, wish.logit_bias) if wish.logit_bias else None
        processors.append(AnswerPenalties(wish, prompt_length, bias))
    return processors, recorder


def _bias(model: Model, biases: dict[int, float]) -> Tensor:
    size = model.config.get_text_config().vocab_size
    if unknown := [token for token in biases if not 0 <= token < size]:
        raise ProviderRejected(
            f"`logit_bias` names token {unknown[0]}; the model has 0 to {size - 1}.",
            status=400,
            param="logit_bias",
        )
    bias = torch.zeros(size, device=model.device)
    bias[list(biases)] = torch.tensor(list(biases.values()), device=model.device)
    return bias
