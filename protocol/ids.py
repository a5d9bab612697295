"""Identities, as types of their own so that one is never passed for another."""

from typing import NewType

DistrictId = NewType("DistrictId", str)
"""A district, in which halls are looked for, such as ``xihu``."""

HallId = NewType("HallId", str)
"""A hall, such as ``HZ01``; letters, digits, ``-`` and ``_``."""

ServiceId = NewType("ServiceId", str)
"""A service (业务), a leaf of the menu; unique in its hall."""

CounterId = NewType("CounterId", str)
"""A counter (窗口) as people name it, such as ``3``; unique in its hall."""

KioskId = NewType("KioskId", str)
"""A kiosk (取号机); unique in its hall."""

GatewayId = NewType("GatewayId", str)
"""A serial port with a radio channel behind it; unique in its hall."""

TicketId = NewType("TicketId", str)
"""A ticket for ever: business day and number, ``20261123-A010``; unique in its hall."""

CommandId = NewType("CommandId", str)
"""Given by whoever sends a command; a repeat of the same id gets the first answer."""

TerminalAddress = NewType("TerminalAddress", int)
"""A radio address, 1 to 254; 255 is everybody."""

StaffId = NewType("StaffId", str)
"""Somebody who works at counters, as the hall's roster names them; unique in the hall."""

PersonId = NewType("PersonId", str)
"""A customer: a keyed digest of a telephone number, a document or a WeChat identity, made before it comes here.
The queue can tell whether two are the same person, and nobody can tell from it who that is."""

FollowerId = NewType("FollowerId", str)
"""Somebody whose phone follows a ticket: where pushes go, sealed before it comes here. The queue can tell
whether two are the same, and only whoever sends pushes can open it."""

PushId = NewType("PushId", str)
"""A push for ever: its ticket and a number, ``20261123-A010/1``; unique in its hall."""

BookingId = NewType("BookingId", str)
"""A booking: the code that its customer types, 8 characters that nobody guesses; unique in its hall."""

ClosureId = NewType("ClosureId", str)
"""A closure that was added while the hall was running; unique in its hall."""

Language = NewType("Language", str)
"""A language tag such as ``zh`` or ``en``."""
