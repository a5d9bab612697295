"""What must always hold in a hall, watched from outside: a module or several for each invariant of the design.

Invariants see sightings alone (`sightings`): paper, windows, screens, keypads, answers, the public stream of
events, what a page is told of the hall, and what the disk holds. None of them looks into an actor or at a
hall's state. A part that comes later brings its sightings, and adds its invariants to `invariants.INVARIANTS`.
"""
