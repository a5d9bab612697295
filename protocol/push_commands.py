"""What may be asked of a hall about phones that follow tickets, as `protocol.commands` says of the rest."""

from protocol.ids import CommandId, FollowerId, PushId, TicketId
from protocol.pushes import PushOutcome
from protocol.values import value


@value
class FollowTicket:
    """Tell ``follower`` from now on when the turn of an open ticket comes near, and when it is called.

    Refused while somebody else follows it. With ``silent`` its calls are not said aloud; whoever follows it may
    say that anew.
    """

    id: CommandId
    ticket: TicketId
    follower: FollowerId
    silent: bool = False


@value
class UnfollowTicket:
    """Tell nobody any more: ``follower`` lets the ticket go, or staff do for whoever follows it."""

    id: CommandId
    ticket: TicketId
    follower: FollowerId | None = None


@value
class ReportPush:
    """Whoever sends pushes says what became of one; ``unfollow`` if its follower cannot be reached any more."""

    id: CommandId
    ticket: TicketId
    push: PushId
    outcome: PushOutcome
    detail: str = ""
    unfollow: bool = False
