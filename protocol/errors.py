"""One tree of errors. A message to a person says what happened, where, and what to do."""


class PaihaoError(Exception):
    """The root of every error that this project raises on purpose."""


class ProtocolError(PaihaoError):
    """Octets or text from outside are not what the protocol allows."""


class FrameError(ProtocolError):
    """A radio frame cannot be built or read."""


class IdentityError(ProtocolError):
    """What somebody typed is no number of an identity card, or of a telephone; the number is not named."""


class CodeError(ProtocolError):
    """What somebody typed is no code of a booking, or no slot."""


class DeviceError(PaihaoError):
    """A device (serial port, printer, terminal) does not do what it should."""


class StorageError(PaihaoError):
    """The journal cannot be read or written."""


class JournalDamaged(StorageError):
    """The journal's content is not what was once written; the message names the place."""


class JournalForeign(StorageError):
    """The file is not a journal of this hall, or of a newer format."""


class ConfigError(PaihaoError):
    """The configuration is refused; the message names file, key and what is allowed."""


class LinkError(PaihaoError):
    """A link between machines is away or refuses."""


class WorldError(PaihaoError):
    """Actors or a world are used in a way that cannot work."""


class BlockingAskError(WorldError):
    """An actor's answer was waited for inside its own world, which would hang for ever."""


class MailboxFull(WorldError):
    """An actor's mailbox is at its bound; the message was not accepted."""
