"""The public names are those listed, all of them exist, and nothing else is promised."""

import inspect

import pytest

import synthrec
from synthrec import errors


@pytest.mark.parametrize("name", synthrec.__all__)
def test_a_listed_name_exists_and_is_documented(name):
    assert getattr(synthrec, name).__doc__ or name == "__version__"


def test_every_exception_is_public():
    tree = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert tree <= set(synthrec.__all__)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = synthrec.fitt


def test_dir_lists_the_public_names():
    assert dir(synthrec) == sorted(synthrec.__all__)


def test_the_main_path_has_no_untyped_argument():
    for name in ("fit", "sample", "audit", "validate", "infer", "demo"):
        signature = inspect.signature(getattr(synthrec, name))
        untyped = [
            key for key, value in signature.parameters.items() if value.annotation is inspect.Parameter.empty
        ]
        assert untyped == []
        assert signature.return_annotation is not inspect.Signature.empty
