"""A radio channel that nodes share: modules, air time, collisions and loss, without I/O."""
