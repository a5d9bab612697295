"""Models of devices, without I/O: octets and the time in, octets out.

Each has ``receive(octets, now)`` and ``tick(now)``, which return the octets that it sends, and
``next_deadline()``, the time of its next tick or nothing; times are seconds of a monotonic clock.
"""
