"""What detectors say they can find is what they find, or policy would be refused for nothing."""

from __future__ import annotations

from jupyter_mesh.guards.deny_list import DenyListConfig, DenyListDetector
from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.guards.secrets import Secrets, SecretsConfig
from tests.guards.test_patterns import FOUND as NUMBERS
from tests.guards.test_secrets import FOUND as SECRETS


def test_secrets_are_all_told() -> None:
    assert Secrets(SecretsConfig()).entities() == {entity for entity, *_ in SECRETS}


def test_numbers_are_all_told() -> None:
    assert Patterns(PatternsConfig()).entities() == {entity for entity, *_ in NUMBERS}
    few = Patterns(PatternsConfig(entities=frozenset({"US_SSN"})))
    assert few.entities() == {"US_SSN"}
    assert "CREDIT_CARD" in (few.remedy("CREDIT_CARD") or "")
    assert few.remedy("PERSON") is None


def test_a_list_finds_what_it_calls_its_terms() -> None:
    detector = DenyListDetector(DenyListConfig(terms=("Ada",), entity="CUSTOMER"))
    assert detector.entities() == {"CUSTOMER"}
