"""A condition for which hardly any part of a model speaks is told."""

from types import SimpleNamespace

import pytest

from synthrec.runs.models import OpenModel


class Mixture:
    """A density of which some components speak for any evidence."""

    def __init__(self, speaking):
        self.speaking = speaking

    def effective_components(self, evidence):
        return self.speaking


def thin(fitted, where):
    stored = SimpleNamespace(fitted=fitted, codec=SimpleNamespace(evidence=lambda text: ({}, text)))
    return OpenModel.thin(SimpleNamespace(stored=stored), where)


def test_few_components_are_told_with_their_number():
    (sentence,) = thin(Mixture(3.21), "age > 90")
    assert "about 3.2 components" in sentence


@pytest.mark.parametrize(
    ("fitted", "where"), [(Mixture(50.0), "age > 90"), (Mixture(1.0), None), (object(), "age > 90")]
)
def test_enough_components_no_condition_and_other_models_are_not(fitted, where):
    assert thin(fitted, where) == ()
