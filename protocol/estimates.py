"""How long people will probably wait."""

from protocol.values import value


@value
class Estimate:
    """Seconds from when it was said: half of all such waits end by ``p50_s``, nine tenths by ``p90_s``."""

    p50_s: float
    p90_s: float
