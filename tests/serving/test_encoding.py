"""Encoders with real small models, in this process: batches, prompts, cancellation."""

from __future__ import annotations

import base64
import dataclasses
import struct
from pathlib import Path
from threading import Event

import pytest
from transformers import pipeline

from jupyter_mesh.errors import ProviderRejected
from jupyter_mesh.serving.encoding import ENCODERS, Encoder
from jupyter_mesh.serving.loading import LoadedModel, load
from jupyter_mesh.spi.engine import ModelSpec, Task
from jupyter_mesh.spi.jobs import Done, EncodeJob, GenerateJob, Label, Output, Vector
from jupyter_mesh.testing import tiny_models

TEXTS = tuple("The gateway counts every token. "[:n] * (1 + n % 3) for n in range(1, 12))


def encoder(folder: Path, task: Task, max_batch: int = 16) -> Encoder:
    spec = ModelSpec(name="local/x", task=task, path=str(folder), max_batch=max_batch)
    return ENCODERS[task](load(spec, lambda stage: None))


def run(encoder: Encoder, *texts: str, cancelled: Event | None = None) -> tuple[list[Output], Done]:
    outputs: list[Output] = []
    done = encoder.run(EncodeJob(texts=texts), outputs.append, cancelled or Event())
    return outputs, done


def vectors(outputs: list[Output]) -> dict[int, list[float]]:
    found = [one for one in outputs if isinstance(one, Vector)]
    return {one.index: list(struct.unpack("<32f", base64.b64decode(one.data))) for one in found}


@pytest.fixture(scope="module")
def embedder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.build_embedder(tmp_path_factory.mktemp("embedder"))


@pytest.mark.parametrize("max_batch", [1, 2, 4])
def test_the_size_of_a_batch_changes_nothing(embedder_folder: Path, max_batch: int) -> None:
    whole, done = run(encoder(embedder_folder, Task.EMBED), *TEXTS)
    parts, done_in_parts = run(encoder(embedder_folder, Task.EMBED, max_batch), *TEXTS)
    assert done == done_in_parts
    assert sorted(vectors(whole)) == list(range(len(TEXTS)))
    for index, vector in vectors(whole).items():
        assert vectors(parts)[index] == pytest.approx(vector, abs=1e-5)


def test_a_cancelled_job_ends_at_the_next_batch(embedder_folder: Path) -> None:
    one = encoder(embedder_folder, Task.EMBED, max_batch=2)
    cancelled = Event()
    outputs: list[Output] = []

    def note(output: Output) -> None:
        outputs.append(output)
        cancelled.set()

    one.run(EncodeJob(texts=TEXTS), note, cancelled)
    assert (len(outputs), one.produced) == (2, 2)


def with_layout(one: Encoder, **changes: object) -> Encoder:
    loaded: LoadedModel = dataclasses.replace(
        one.loaded, layout=dataclasses.replace(one.loaded.layout, **changes)
    )
    return type(one)(loaded)


def test_prompt_and_case_are_those_of_the_layout(embedder_folder: Path) -> None:
    plain = encoder(embedder_folder, Task.EMBED)
    prompted = with_layout(plain, prompt="query: ", lower_case=True)
    got = vectors(run(prompted, "A Notebook")[0])
    assert got == vectors(run(plain, "query: a notebook")[0])
    assert got != vectors(run(plain, "a notebook")[0])


def test_without_normalising_vectors_keep_their_length(embedder_folder: Path) -> None:
    plain = encoder(embedder_folder, Task.EMBED)
    (unit,) = vectors(run(plain, "a")[0]).values()
    (raw,) = vectors(run(with_layout(plain, normalize=False), "a")[0]).values()
    length = sum(value**2 for value in raw) ** 0.5
    assert length != pytest.approx(1, abs=0.01)
    assert [value / length for value in raw] == pytest.approx(unit, abs=1e-5)


@pytest.mark.parametrize("labels", [("toxic", "threat"), ("toxic",)])
def test_labels_that_do_not_exclude_each_other_have_probabilities_of_their_own(
    tmp_path: Path, labels: tuple[str, ...]
) -> None:
    folder = tiny_models.build_classifier(tmp_path, labels=labels, multi_label=len(labels) > 1)
    reference = pipeline("text-classification", model=str(folder), top_k=None)
    outputs, _ = run(encoder(folder, Task.CLASSIFY), *TEXTS[:3])
    for one, scores in zip(
        sorted(outputs, key=lambda output: output.index), reference(list(TEXTS[:3])), strict=True
    ):
        assert isinstance(one, Label)
        expected = {score["label"]: score["score"] for score in scores}
        assert dict(zip(labels, one.probs, strict=True)) == pytest.approx(expected, abs=1e-5)
        assert one.label == scores[0]["label"]


def test_an_encoder_writes_nothing(embedder_folder: Path) -> None:
    with pytest.raises(ProviderRejected, match="takes texts"):
        encoder(embedder_folder, Task.EMBED).run(GenerateJob(prompt="x"), print, Event())
