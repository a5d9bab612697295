"""Looks for what breaks an invariant: a seed draws a hall, its people and faults, and all follows from it."""
