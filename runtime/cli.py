"""The command line ``paihao``: its commands, and how refusals and logs look."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import IO, Any

import click
from rich.console import Console
from rich.text import Text

from protocol.errors import PaihaoError
from runtime.config.problems import ConfigRefused
from runtime.logging import LEVELS, set_up_logging

__all__ = ["COMMANDS", "main"]

COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("runtime.cli_up", "up_command"),
    "simulate": ("runtime.cli_simulate", "simulate_command"),
    "explore": ("runtime.cli_explore", "explore_command"),
    "size": ("runtime.cli_size", "size_command"),
    "compare": ("runtime.cli_compare", "compare_command"),
    "replay-day": ("runtime.cli_replay_day", "replay_day_command"),
    "theory": ("runtime.cli_theory", "theory_command"),
    "config": ("runtime.cli_config", "config_commands"),
    "radio": ("runtime.cli_radio", "radio_commands"),
    "faults": ("runtime.cli_faults", "faults_commands"),
    "wechat": ("runtime.cli_wechat", "wechat_commands"),
    "hq": ("runtime.cli_hq", "hq_commands"),
}
"""The module and name of each command. It is imported when it is asked for: `config` needs neither Twisted's
reactor nor SimPy, and `up` chooses the reactor before anything else imports one."""

REFUSED = 2
"""Exit status where something that was given is not accepted."""


class _Refusal(click.ClickException):
    """An error of ours as people see it: one clear message and no traceback."""

    exit_code = REFUSED

    def __init__(self, error: PaihaoError) -> None:
        super().__init__(str(error))
        self._error = error

    def show(self, file: IO[Any] | None = None) -> None:
        console = Console(file=file, stderr=True, soft_wrap=True, highlight=False)
        error = self._error
        if not isinstance(error, ConfigRefused):
            console.print(Text.assemble(("error: ", "bold red"), str(error)))
            return
        console.print(Text(error.headline(), style="bold red"))
        for problem in error.problems:
            place, _, rest = str(problem).partition(": ")
            console.print(Text.assemble((f"{place}: ", "bold"), rest))


class _Commands(click.Group):
    """Imports a command when it is asked for, and shows what it refuses as a message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PaihaoError as error:
            if ctx.params["debug"]:
                raise
            raise _Refusal(error) from error


def _version() -> str:
    try:
        return version("paihao")
    except PackageNotFoundError:
        return "(not installed)"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="paihao", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show a traceback where something is refused.")
@click.option(
    "--log-level",
    type=click.Choice(list(LEVELS)),
    help="From what on things are logged, to standard error; info for a hall that runs, else warning.",
)
@click.pass_context
def main(context: click.Context, debug: bool, log_level: str | None) -> None:
    """Queues of public halls: tickets, counters, radio terminals; real or simulated."""
    set_up_logging(log_level or ("info" if context.invoked_subcommand == "up" else "warning"))


if __name__ == "__main__":
    main()
