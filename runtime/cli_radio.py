"""``paihao radio``: look at a radio channel, send on it, see a hall's terminals, pair one."""

import click

from runtime.cli_radio_monitor import monitor_command
from runtime.cli_radio_pair import pair_command
from runtime.cli_radio_send import send_command
from runtime.cli_radio_terminals import terminals_command

__all__ = ["radio_commands"]


@click.group("radio")
def radio_commands() -> None:
    """Look at a radio channel, send on it; see a hall's terminals, pair one.

    \b
    Exit status: 0 done; 1 not achieved (nobody acknowledged, a pairing was not made);
    2 something that was given is not accepted, or a port or server cannot be reached;
    130 Ctrl-C where something was still waited for.
    """


radio_commands.add_command(monitor_command)
radio_commands.add_command(send_command)
radio_commands.add_command(terminals_command)
radio_commands.add_command(pair_command)
