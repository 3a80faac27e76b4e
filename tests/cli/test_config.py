"""Flags win over the environment, which wins over synthrec.toml; no misspelt name passes unread."""

import pytest

FIT = ("fit", "schema", "data.csv", "-o", "model")


@pytest.fixture
def toml(workplace):
    def write(text: str) -> None:
        (workplace / "synthrec.toml").write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def fit(calls, judged):
    return calls("fit", judged("pass"))


def test_built_in_defaults(cli, fit):
    assert cli(*FIT).code == 0
    assert (fit.options["policy"], fit.options["holdout_share"]) == ("default", 0.2)


def test_the_file_sets_defaults(cli, fit, toml):
    toml('[fit]\npolicy = "strict"\nholdout-share = 0.25\nstratify = true\n')
    assert cli(*FIT).code == 0
    assert (fit.options["policy"], fit.options["holdout_share"], fit.options["stratify"]) == (
        "strict",
        0.25,
        True,
    )


def test_the_environment_wins_over_the_file_and_a_flag_over_both(cli, fit, toml, monkeypatch):
    toml('[fit]\npolicy = "from_file"\n')
    monkeypatch.setenv("SYNTHREC_FIT_POLICY", "from_environment")
    cli(*FIT)
    assert fit.options["policy"] == "from_environment"
    cli(*FIT, "--policy", "from_flag")
    assert fit.options["policy"] == "from_flag"


def test_nested_commands_have_nested_tables(cli, calls, toml):
    infer = calls("infer", "text")
    toml('[schema.infer]\ndelimiter = ";"\n')
    assert cli("schema", "infer", "data.csv").out == "text\n"
    assert infer.options["delimiter"] == ";"


def test_repeatable_options_take_a_list(cli, calls, judged, toml):
    sample = calls("sample", judged("pass"))
    toml('[sample]\nformat = "parquet,csv"\nreal = ["data.csv", "holdout.csv"]\n')
    assert cli("sample", "m", "-n", "5", "-o", "x").code == 0
    assert [path.name for path in sample.options["real"]] == ["data.csv", "holdout.csv"]
    assert sample.options["formats"] == ("parquet", "csv")


def test_one_file_will_do_for_a_repeatable_option(cli, calls, judged, toml):
    sample = calls("sample", judged("pass"))
    toml('[sample]\nreal = "data.csv"\n')
    assert cli("sample", "m", "-n", "5", "-o", "x").code == 0
    assert [path.name for path in sample.options["real"]] == ["data.csv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[fit]\n\npolcy = "strict"\n',
            "synthrec.toml:3: no option of [fit] named 'polcy'; did you mean 'policy'?",
        ),
        ('[fti]\npolicy = "strict"\n', "synthrec.toml:1: no command named 'fti'; did you mean 'fit'?"),
        ('policy = "strict"\n', "synthrec.toml:1: no command named 'policy'"),
        ("fit = 3\n", "stands outside a table"),
        ("[fit\n", "not a TOML file"),
        ("[fit]\nholdout = 3\n", "'3' does not exist"),
        ("[fit]\nrelease-rows = 1.5\n", "'1.5' is not a valid integer"),
        ('[fit]\nholdout = ["data.csv"]\n', "holdout: one value is wanted"),
        ("[fit]\nstratify = {}\n", "--stratify"),
    ],
)
def test_a_wrong_name_is_refused(cli, fit, toml, text, message):
    toml(text)
    ran = cli(*FIT)
    assert ran.code == 2
    assert message in ran.err
    assert fit.args == ()


def test_a_wrong_nested_table_is_refused(cli, toml):
    toml("[schema.infr]\n")
    ran = cli("schema", "list")
    assert ran.code == 2
    assert "did you mean 'infer'" in ran.err


def test_a_value_in_place_of_a_table_is_refused(cli, calls, toml):
    infer = calls("infer", "text")
    toml("[schema]\ninfer = 3\n")
    ran = cli("schema", "infer", "data.csv")
    assert ran.code == 2
    assert "synthrec.toml:2: schema.infer is a table; write [schema.infer]" in ran.err
    assert infer.args == ()


def test_a_variable_of_a_misspelt_command_is_refused_and_foreign_ones_are_let_be(cli, fit, monkeypatch):
    monkeypatch.setenv("SYNTHREC_BUILD_NUMBER", "17")
    assert cli(*FIT).code == 0
    monkeypatch.setenv("SYNTHREC_FTI_POLICY", "strict")
    ran = cli(*FIT)
    assert ran.code == 2
    assert "no command for SYNTHREC_FTI_POLICY; did you mean 'fit'?" in ran.err


def test_a_misspelt_variable_is_refused(cli, fit, monkeypatch):
    monkeypatch.setenv("SYNTHREC_FIT_POLCY", "strict")
    ran = cli(*FIT)
    assert ran.code == 2
    assert "SYNTHREC_FIT_POLCY; did you mean 'SYNTHREC_FIT_POLICY'?" in ran.err
    assert fit.args == ()


def test_help_works_beside_a_broken_file(cli, toml):
    toml("[fit\n")
    assert cli("--help").code == 0
