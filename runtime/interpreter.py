"""How a process is set that runs halls all day."""

from __future__ import annotations

import gc
import resource
import sys

THREAD_SWITCH_S = 0.0005
"""How long the loop's thread may keep the interpreter while the journal's wants it: with Python's own 5 ms a
commit under full load took 23 ms, with this 1.4 ms."""

COLLECT_AFTER = (50_000, 20, 100)
"""How many more objects, and then how many searches, until a search for cycles that nothing reaches.
A hall remembers a day's tickets and makes few cycles: Python's (700, 10, 10) took a fifth of its requests."""


FILES_OPEN = 16_384
"""So many files and connections the process may have open, if the system lets it: systems commonly begin with
1,024, which a hall's phones are more than."""


def set_for_halls() -> None:
    """Set this process and its interpreter; before the loop runs."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_OPEN if most == resource.RLIM_INFINITY else min(FILES_OPEN, most)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    sys.setswitchinterval(THREAD_SWITCH_S)
    gc.set_threshold(*COLLECT_AFTER)
