"""Toxic language by lists of words: an admin's own, and a small English one that comes along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from ..errors import ConfigError
from ..schemas.json import Json, JsonObject
from ..spi.guard import GuardConfig, GuardedCall, Verdict
from .batch_judge import BatchJudge
from .lexicon import Lexicon, LexiconScanner, built_in
from .looked_through import looked_through


class WordListConfig(GuardConfig):
    """What is looked for.

    Attributes:
        english: The list that comes with the mesh: harassment, hate, self-harm, sexual, violence,
            profanity.
        only: Of that list these categories; empty: all.
        words: Own words and phrases by category; `*` at the end stands for any ending, `~` before
            one says that it is not enough alone.
        files: Text files by category, a word or phrase in each line; blank lines and lines from `#`
            on are skipped.
    """

    english: bool = True
    only: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    files: dict[str, Path] = Field(default_factory=dict[str, Path])


class WordList(BatchJudge):
    """Judges by the words in a text, however they are dressed up; knows no context."""

    Config: type[GuardConfig] = WordListConfig
    name: ClassVar[str] = "word_list"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, WordListConfig)
        terms = _terms(config)
        self._categories = frozenset(terms)
        self._lexicon = Lexicon(terms)
        named: dict[str, Json] = {name: [*some] for name, some in terms.items()}
        self._scanned: JsonObject = {"categories": named}

    def categories(self) -> frozenset[str]:
        return self._categories

    async def judge_all(
        self,
        texts: Sequence[str],
        direction: Literal["request", "response"],
        call: GuardedCall,
    ) -> list[Verdict]:
        found = await looked_through(
            texts, self._lexicon.scores, self._tools, LexiconScanner, self._scanned
        )
        return [Verdict.of(scores) for scores in found]


def _terms(config: WordListConfig) -> dict[str, list[str]]:
    known = built_in() if config.english else {}
    if wrong := [name for name in config.only if name not in known]:
        raise ConfigError(f"The English list has no {wrong[0]!r}; it has {', '.join(known)}.")
    found = {name: words for name, words in known.items() if not config.only or name in config.only}
    for name, words in config.words.items():
        found[name] = [*found.get(name, ()), *words]
    for name, path in config.files.items():
        found[name] = [*found.get(name, ()), *_lines(path)]
    if not any(found.values()):
        raise ConfigError("A word list needs `words`, `files`, or `english: true`.")
    return found


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"The word list {path} cannot be read: {reason}.") from None
    return [line for line in map(str.strip, lines) if line and not line.startswith("#")]
