# pyright: basic
# (torch's own annotations are partial)
"""Writing answers with `transformers.generate`: one request at a time, its `n` answers a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from ..errors import ContextTooLong, ProviderRejected
from ..spi.jobs import Delta, Done, GenerateJob, Job, Output, Sampling, Started, TokenLogprob
from .loading import LoadedModel, Tokenizer
from .prompting import prompt_tokens
from .sampling import LogprobRecorder, generation_config, logits_processors, seed
from .text_stream import Detokenizer, StopStrings

if TYPE_CHECKING:
    from torch import Tensor

Emit: TypeAlias = Callable[[Output], None]
Finish: TypeAlias = Literal["stop", "length"]


class Generator:
    """Answers generate jobs with one model; `produced` counts the tokens written so far."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.ends = _end_tokens(loaded)
        self.produced = 0

    def run(self, job: Job, emit: Emit, cancelled: Event) -> Done:
        """Write the answers, emitting text as it comes; a cancelled job ends at the next token.

        Raises:
            ContextTooLong: The prompt, or prompt and answer, do not fit.
            ProviderRejected: The model cannot do what the job asks.
        """
        if not isinstance(job, GenerateJob):
            raise ProviderRejected("A chat model takes messages or a prompt.", status=400)
        model, wish = self.loaded.model, job.sampling
        prompt = prompt_tokens(self.loaded.tokenizer, job)
        config = generation_config(
            model,
            wish,
            max_new_tokens=self._room(len(prompt), wish),
            pad_token=_pad_token(self.loaded.tokenizer, self.ends),
        )
        processors, recorder = logits_processors(model, wish, prompt_length=len(prompt))
        answers = _Answers(self, wish, emit, cancelled, recorder)
        emit(Started(input_tokens=len(prompt)))
        seed(wish.seed)
        ids = torch.tensor([prompt] * wish.n, device=model.device)
        with torch.inference_mode():
            model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                generation_config=config,
                logits_processor=processors,
                stopping_criteria=StoppingCriteriaList([answers]),
            )
        answers.end()
        return Done(input_tokens=len(prompt), output_tokens=answers.tokens)

    def _room(self, prompt: int, wish: Sampling) -> int:
        """How many tokens an answer may have."""
        window, name = self.loaded.info.context_window, self.loaded.spec.name
        if prompt >= window:
            raise ContextTooLong(
                f"The prompt has {prompt:,} tokens; {name} holds {window:,} for prompt and answer: "
                "shorten it.",
                param="messages",
            )
        if wish.max_tokens is None:
            return min(
                window - prompt, self.loaded.model.generation_config.max_new_tokens or window
            )
        if prompt + wish.max_tokens > window:
            raise ContextTooLong(
                f"The prompt has {prompt:,} tokens and `max_tokens` asks for {wish.max_tokens:,}; "
                f"{name} holds {window:,}: ask for at most {window - prompt:,}.",
                param="max_tokens",
            )
        return wish.max_tokens


class _Answers(StoppingCriteria):
    """Looks at each answer's new token after it was chosen, and says which answers are done."""

    def __init__(
        self,
        generator: Generator,
        wish: Sampling,
        emit: Emit,
        cancelled: Event,
        recorder: LogprobRecorder | None,
    ) -> None:
        self._generator = generator
        self._tokenizer = generator.loaded.tokenizer
        self._top = wish.logprobs or 0
        self._cancelled = cancelled
        self._recorder = recorder
        self._answers = [
            _Answer(index, self._tokenizer, wish.stop, emit) for index in range(wish.n)
        ]

    def __call__(self, input_ids: Tensor, scores: object, **kwargs: object) -> Tensor:
        if self._cancelled.is_set():
            return torch.ones(len(input_ids), dtype=torch.bool, device=input_ids.device)
        for row, token in enumerate(input_ids[:, -1].tolist()):
            answer = self._answers[row]
            if not answer.done:
                self._generator.produced += 1
                answer.add(token, token in self._generator.ends, self._logprob(row, token))
        return torch.tensor([answer.done for answer in self._answers], device=input_ids.device)

    @property
    def tokens(self) -> int:
        """Tokens written, of all answers together."""
        return sum(answer.tokens for answer in self._answers)

    def end(self) -> None:
        """No more tokens come: answers that were not done have run out of room."""
        for answer in self._answers:
            if not answer.done and not self._cancelled.is_set():
                answer.finish("length")

    def _logprob(self, row: int, token: int) -> TokenLogprob | None:
        if self._recorder is None or self._recorder.last is None:
            return None
        logprobs = self._recorder.last[row]
        best = torch.topk(logprobs, self._top)
        return TokenLogprob(
            token=self._tokenizer.decode([token]),
            logprob=float(logprobs[token]),
            top=tuple(
                (self._tokenizer.decode([other]), value)
                for other, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
            ),
        )


class _Answer:
    """One answer on its way out: tokens in, text and log-probabilities out."""

    def __init__(self, index: int, tokenizer: Tokenizer, stop: Sequence[str], emit: Emit) -> None:
        self._index = index
        self._emit = emit
        self._text = Detokenizer(lambda ids: tokenizer.decode(ids, skip_special_tokens=True))
        self._stops = StopStrings(stop)
        self._logprobs: list[TokenLogprob] = []
        self._told = 0
        self.tokens = 0
        self.done = False

    def add(self, token: int, ends: bool, logprob: TokenLogprob | None) -> None:
        self.tokens += 1
        if ends:
            self.finish("stop")
            return
        if logprob is not None:
            self._logprobs.append(logprob)
        text, stopped = self._stops.add(self._text.add(token))
        if stopped:
            if not text:  # all of it belonged to the stop string
                self._logprobs.clear()
            self._say(text, "stop")
        elif text:
            self._say(text)

    def finish(self, reason: Finish) -> None:
        text, stopped = self._stops.add(self._text.end())
        if not stopped:
            text += self._stops.end()
        self._say(text, "stop" if stopped else reason)

    def _say(self, text: str, finish: Finish | None = None) -> None:
        logprobs = tuple(self._logprobs)
        self._logprobs.clear()
        new, self._told = self.tokens - self._told, self.tokens
        self.done = finish is not None
        self._emit(
            Delta(index=self._index, text=text, tokens=new, logprobs=logprobs, finish=finish)
        )


def _end_tokens(loaded: LoadedModel) -> frozenset[int]:
    """Every token that ends an answer: a model may have several."""
    ends = loaded.model.generation_config.eos_token_id
    if ends is None:
        ends = loaded.tokenizer.eos_token_id
    return frozenset([ends] if isinstance(ends, int) else ends or [])


def _pad_token(tokenizer: Tokenizer, ends: frozenset[int]) -> int:
    """Fills up an answer that is done before its neighbours."""
    return tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends, default=0)
