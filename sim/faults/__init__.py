"""Faults: what breaks in a hall, each kind with a name, parameters and a longest duration.

`catalogue.FAULTS` has them all; `active.start`, `end` and `schedule` have them happen on premises: a
`sim.site.Site`, or the virtual devices of a hall that really runs. ``Site.heal`` ends every one.

A part that comes later adds a device, its faults and its invariants, as the printer does it:

1. the device's model, with switches for what can go wrong: ``sim/devices/printer.py``;
2. one module here, with a `kind.Target` that tells which of it there are, and a tuple ``KINDS`` whose ``begin``
   turn switches on and return what turns them off: ``sim/faults/printer.py``; `catalogue.add` takes them;
3. what repairs the device in the end, if that is more than its faults' ends: ``Site.heal``;
4. what must hold of it, as people see it: an invariant of ``sim/watch``.

Scenario files, the explorer, ``paihao faults`` and its injection into a running hall know it from then on.
"""
