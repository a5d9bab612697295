"""Killed at any instant: everything that was told is there, and what is there is a prefix."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

from protocol.messages import Recorded
from tests.runtime.journal.days import life, replayed
from tests.runtime.journal.rig import SqliteRig

ROOT = Path(__file__).parents[3]
KILLS = 8
SEED = 11

VICTIM = f"""
import sys
from pathlib import Path
from random import Random
from tests.runtime.journal.days import life
from tests.runtime.journal.rig import SqliteRig, Told

rig = SqliteRig(Path(sys.argv[1]))
random = Random(int(sys.argv[2]))
done = rig.journal.read(0, 10**9)[-1:]
batch = []
for records, state in life({SEED}, events_a_day=2_000):
    if done and records[-1].seq <= done[0].seq:
        continue
    batch += records
    if len(batch) < random.randrange(1, 60):
        continue
    rig.commit(batch)
    print(batch[-1].seq, flush=True)
    batch = []
    if random.random() < 0.1:
        rig.journal.snapshot(state)
"""
"""Goes on with one and the same life from where the journal ends, and says what it was told."""


def test_journal_of_a_killed_process_holds_what_was_told(path: Path) -> None:
    random = Random(4)
    lived: list[Recorded] = []
    life_goes_on = life(SEED, events_a_day=2_000)
    told = recovered = snapshots = 0
    for kill in range(KILLS):
        victim = subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(path), str(kill)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert victim.stdout is not None
        assert victim.stderr is not None
        first = victim.stdout.readline()
        assert first, victim.stderr.read()
        # An instant of the real clock is the point here: any place in the writer may be hit.
        time.sleep(random.uniform(0.0, 0.3))
        victim.kill()
        lines = [first, *victim.stdout.readlines()]
        victim.wait()
        victim.stdout.close()
        victim.stderr.close()
        told = max(int(line) for line in lines if line.endswith("\n"))
        rig = SqliteRig(path)
        recovery = rig.journal.recover()
        snapshots += recovery.snapshot is not None
        events = list(recovery.events)
        state = replayed(recovery.snapshot, events)
        assert rig.journal.verify() == state.seq
        assert state.seq >= told
        assert state.seq > recovered
        recovered = state.seq
        while len(lived) < recovered:
            lived += next(life_goes_on)[0]
        assert rig.journal.read(0, recovered) == lived[:recovered]
        assert state == replayed(None, lived[:recovered])
        rig.journal.close()
    assert snapshots
