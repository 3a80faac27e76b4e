import pytest

from synthrec.errors import ConfigError
from synthrec.generators.copula import CopulaFitted, CopulaGenerator
from synthrec.generators.ctgan import CtganFitted, CtganGenerator
from synthrec.generators.marginals import MarginalsFitted, MarginalsGenerator
from synthrec.generators.registry import generator, names, restore


def test_names_lead_to_classes():
    assert names() == ("copula", "ctgan", "marginals", "sdv-ctgan", "sdv-gaussian-copula")
    assert generator("copula", stratify="sex") == CopulaGenerator(stratify="sex")
    assert restore("copula") is CopulaFitted
    assert generator("marginals") == MarginalsGenerator()
    assert restore("marginals") is MarginalsFitted
    assert generator("ctgan", steps=10) == CtganGenerator(steps=10)
    assert restore("ctgan") is CtganFitted


@pytest.mark.parametrize("call", [generator, restore])
def test_a_misspelt_name_is_answered_with_a_suggestion(call):
    with pytest.raises(ConfigError, match="did you mean copula"):
        call("copla")


def test_an_unknown_name_is_answered_with_the_choice():
    with pytest.raises(ConfigError, match="choose one of copula"):
        generator("zzz")


def test_an_unknown_setting_is_refused():
    with pytest.raises(ConfigError, match="depth"):
        generator("copula", depth=3)
