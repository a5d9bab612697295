"""One tree of errors. A message to a person says what happened, where, and what to do."""


class PaihaoError(Exception):
    """The root of every error that this project raises on purpose."""


class ProtocolError(PaihaoError):
    """Octets or text from outside are not what the protocol allows."""


class FrameError(ProtocolError):
    """A radio frame cannot be built or read."""


class SecurityError(ProtocolError):
    """A radio message is not taken, or cannot be sealed, for what it fails to prove."""


class ForgedError(SecurityError):
    """Its tag is made with no key that is known here."""


class ReplayedError(SecurityError):
    """It was taken before, or is older than what was."""


class ReflectedError(SecurityError):
    """The receiver's own message came back."""


class FormerDeviceError(SecurityError):
    """It is of a device that had the post before the present one."""


class UnsecuredError(SecurityError):
    """It is in the clear, where that is not allowed."""


class UnpairedError(SecurityError):
    """It is sealed, or should be, and no device is paired with that post."""


class CountersExhausted(SecurityError):
    """A key has sealed all that it may; its device has to be paired again."""


class PairingRefused(ProtocolError):
    """A pairing cannot be opened."""


class IdentityError(ProtocolError):
    """What somebody typed is no number of an identity card, or of a telephone; the number is not named."""


class CodeError(ProtocolError):
    """What somebody typed is no code of a booking, or no slot."""


class WeChatRefused(ProtocolError):
    """A request that says it is WeChat's is not taken.

    ``status`` is what to answer: 400 for what is malformed, 403 for what is not proven, not in time or not new.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


class CallbackError(WeChatRefused):
    """A callback of WeChat is malformed; nothing of what it holds is repeated."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail)
        self.args = (detail,)


class SceneError(ProtocolError):
    """A QR code's scene is not one of a ticket: it is made by something else, or was changed."""


class SceneForged(SceneError):
    """It looks like a ticket's scene and is signed with another key, or with none."""


class SceneExpired(SceneError):
    """It was a ticket's scene, and its time is over."""


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
