"""Click groups that load a command when it is called, and commands that know `synthrec.toml`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import click

from synthrec.config import FILE, near, option_defaults, unknown_variables
from synthrec.errors import ConfigError

HELP: Mapping[str, list[str]] = {"help_option_names": ["-h", "--help"]}


class LazyGroup(click.Group):
    """A group of commands in other modules: `lazy` maps a name to ("module:object", short help)."""

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the registry: the order of work, not of the alphabet."""
        del ctx
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command of that name."""
        del ctx
        if cmd_name not in self.lazy:
            return None
        module, _, name = self.lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or refuse the name with a near one."""
        if args[0] not in self.lazy and not ctx.resilient_parsing:
            ctx.fail(f"no command named {args[0]!r}{near(args[0], self.lazy)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and short helps from the registry, so that help imports no command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in self.lazy.items()])


class ConfiguredCommand(click.Command):
    """A command whose options have defaults from its table in `synthrec.toml`, each name checked."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Put the checked defaults in place before anything is parsed."""
        table = (parent.lookup_default(info_name) if parent and info_name else None) or {}
        dotted = f"{parent.command_path} {info_name}".split(maxsplit=1)[1].replace(" ", ".") if parent else ""
        defaults = self._shaped(option_defaults(table, dotted, self.option_names(), Path(FILE)))
        context = super().make_context(info_name, args, parent, default_map=defaults, **extra)
        self._check_environment(context)
        return context

    def option_names(self) -> dict[str, str]:
        """Parameter name by long option name, without the leading dashes."""
        options = (param for param in self.params if isinstance(param, click.Option))
        return {
            flag.removeprefix("--"): option.name
            for option in options
            for flag in option.opts
            if flag.startswith("--") and option.name
        }

    def _shaped(self, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Lists for repeatable options, and for no others."""
        repeatable = {
            param.name for param in self.params if isinstance(param, click.Option) and param.multiple
        }
        lists = [
            name for name, value in defaults.items() if isinstance(value, list) and name not in repeatable
        ]
        if lists:
            raise ConfigError(f"{FILE}: {', '.join(lists)}: one value is wanted, not a list")
        return {
            name: [value] if name in repeatable and not isinstance(value, list) else value
            for name, value in defaults.items()
        }

    def _check_environment(self, context: click.Context) -> None:
        prefix = f"{context.auto_envvar_prefix}_"
        known = [prefix + name.upper() for name in self.option_names().values()]
        fault = unknown_variables(os.environ, prefix, known)
        if fault:
            raise ConfigError(fault)


class ConfiguredGroup(click.Group):
    """A group of configured commands; their tables are nested: ``[schema.infer]``."""

    command_class = ConfiguredCommand

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Refuse tables that name none of the commands."""
        table: MutableMapping[str, Any] = (
            parent.lookup_default(info_name) if parent and info_name else {}
        ) or {}
        option_defaults(table, str(info_name), {name: name for name in self.commands}, Path(FILE))
        return super().make_context(info_name, args, parent, **extra)
