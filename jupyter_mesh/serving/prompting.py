"""From messages to the tokens of a prompt."""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import ProviderRejected
from ..spi.jobs import ChatMessage, GenerateJob
from .loading import Tokenizer


def prompt_tokens(tokenizer: Tokenizer, job: GenerateJob) -> list[int]:
    """The tokens the model continues.

    Messages go through the tokenizer's chat template, or, where it has none, are written out
    plainly with their roles. What a message contains cannot end its turn or begin another: text
    that spells a control token is encoded as text.

    Raises:
        ProviderRejected: The template refuses these messages or variables.
    """
    if job.prompt is not None:
        tokens: list[int] = tokenizer(job.prompt)["input_ids"]
        if not tokens:
            raise ProviderRejected("The prompt is empty.", status=400, param="prompt")
        return tokens
    if tokenizer.chat_template is None:
        return tokenizer(_plain(job.messages), split_special_tokens=True)["input_ids"]
    return _templated(tokenizer, job)


def _plain(messages: tuple[ChatMessage, ...]) -> str:
    turns = [f"{message.role}: {message.content}\n" for message in messages]
    return "".join([*turns, "assistant:"])


def _templated(tokenizer: Tokenizer, job: GenerateJob) -> list[int]:
    from jinja2 import TemplateError

    messages = [{"role": message.role, "content": message.content} for message in job.messages]
    known = inspect.signature(tokenizer.apply_chat_template).parameters
    for name in job.template:
        if name in known:
            raise ProviderRejected(
                f"`chat_template_kwargs.{name}` is not a variable of the chat template: leave it "
                "out.",
                status=400,
                param="chat_template_kwargs",
            )
    options: dict[str, Any] = {"sanitize_control_tokens": True}
    if "sanitize_control_tokens" not in known:  # transformers before 5.23
        messages, options = _without_control_tokens(tokenizer, messages), {}
    try:
        return tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=False, **options, **job.template
        )
    except TemplateError as error:
        reason = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        raise ProviderRejected(
            f"The model's chat template refuses these messages: {reason}",
            status=400,
            param="messages",
        ) from None


def _without_control_tokens(
    tokenizer: Tokenizer, messages: list[dict[str, str]]
) -> list[dict[str, str]]:
    """The messages with every control token cut out, until none is left."""
    tokens = [token for token in tokenizer.all_special_tokens if token]

    def clean(text: str) -> str:
        while any(token in text for token in tokens):
            for token in tokens:
                text = text.replace(token, "")
        return text

    return [{**message, "content": clean(message["content"])} for message in messages]
