"""``paihao explore``: many halls, drawn by their seeds, in which everything that can break does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console

from runtime.cli_progress import progress_bar
from sim.explore.case import Case
from sim.explore.draw import draw
from sim.explore.run import Outcome
from sim.explore.runs import JOBS_MAX, SEEDS_MAX, explore, run_case
from sim.explore.shrink import ATTEMPTS_MAX, shrink
from sim.explore.telling import case_lines, finding_lines

__all__ = ["explore_command"]

BROKEN = 1
"""Exit status where an invariant does not hold."""

FINDINGS_MAX = 10
"""Findings that are told in full; what is beyond them is counted."""


@click.command("explore")
@click.option(
    "--seeds",
    type=click.IntRange(1, SEEDS_MAX),
    default=100,
    show_default=True,
    help="How many halls are drawn, with seeds one after another.",
)
@click.option(
    "--first", type=click.IntRange(0), default=0, show_default=True, help="The first of the seeds."
)
@click.option(
    "--jobs",
    type=click.IntRange(1, JOBS_MAX),
    default=1,
    show_default=True,
    help="How many run at once, each in a process of its own.",
)
@click.option("--seed", type=click.IntRange(0), help="Run this seed alone, and say all about it.")
@click.option("--trace", is_flag=True, help="With --seed: print everything that was seen.")
@click.option(
    "--shrink/--no-shrink",
    "shrinks",
    default=True,
    help="Whether a case that fails is made smaller.",
)
def explore_command(
    seeds: int, first: int, jobs: int, seed: int | None, trace: bool, shrinks: bool
) -> None:
    """Look for a hall in which an invariant does not hold.

    Each seed draws a hall, its people and faults; two hours pass, everything is healed, and it has to converge.
    A seed gives the same run always: `paihao explore --seed S --trace` repeats one exactly.

    Ends with status 1 if something was found.
    """
    console = Console(soft_wrap=True, highlight=False, markup=False)
    if seed is not None:
        found = _run_one(console, draw(seed), trace, shrinks)
    elif trace:
        raise click.UsageError("--trace is of one run: name it with --seed")
    else:
        found = _run_all(console, range(first, first + seeds), jobs, shrinks)
    if found:
        raise SystemExit(BROKEN)


def _run_all(console: Console, seeds: range, jobs: int, shrinks: bool) -> int:
    """Run all; tell what was found; return how much that is."""
    failed: list[Outcome] = []
    messages = tickets = done = 0
    with progress_bar("exploring") as progress:
        for outcome in explore(seeds, jobs):
            done += 1
            messages += outcome.messages
            tickets += outcome.tickets
            if outcome.broken is not None:
                failed.append(outcome)
                console.print(f"seed {outcome.seed}: {outcome.broken}")
            progress(done / len(seeds))
    for outcome in sorted(failed, key=lambda each: each.seed)[:FINDINGS_MAX]:
        _tell(console, draw(outcome.seed), outcome, shrinks)
    console.print(
        f"{len(seeds)} seeds from {seeds.start} on, {messages:,} messages, {tickets:,} tickets: "
        + (f"{len(failed)} failed" if failed else "all invariants hold")
    )
    return len(failed)


def _run_one(console: Console, case: Case, trace: bool, shrinks: bool) -> int:
    outcome = run_case(case, keep_lines=trace)
    _print(console, outcome.lines)
    if outcome.broken is not None:
        _tell(console, case, outcome, shrinks)
    else:
        _print(console, case_lines(case))
        console.print(f"seed {case.seed}: all invariants hold")
    console.print(f"{outcome.messages:,} messages, hash {outcome.hash}")
    return int(outcome.broken is not None)


def _tell(console: Console, case: Case, outcome: Outcome, shrinks: bool) -> None:
    """Tell what was found in full, as small as it gets."""
    console.print()
    commit = _commit()
    _print(console, finding_lines(outcome))
    console.print(f"commit {commit}" if commit else "not run from a git checkout")
    console.print(f"again: paihao explore --seed {case.seed} --trace")
    if not shrinks:
        _print(console, case_lines(case))
        return
    with progress_bar("shrinking") as progress:
        small, least = shrink(
            case, outcome, run_case, lambda attempt: progress(attempt / ATTEMPTS_MAX)
        )
    if small is not case:
        console.print("made smaller:")
        _print(console, finding_lines(least))
    _print(console, case_lines(small))


def _print(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line)


def _commit() -> str | None:
    """Return the commit that runs, with a plus if something was changed since; None outside of a checkout."""
    here = Path(__file__).resolve().parent
    try:
        commit = _git(here, "rev-parse", "--short", "HEAD")
        changed = _git(here, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}+" if changed else commit


def _git(where: Path, *words: str) -> str:
    ran = subprocess.run(
        ["git", "-C", str(where), *words], capture_output=True, text=True, check=True, timeout=10
    )
    return ran.stdout.strip()
