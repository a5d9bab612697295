"""An official account: what proves that one speaks for it, and where its service is."""

from __future__ import annotations

from protocol.values import value

__all__ = ["API_URL", "Account"]

API_URL = "https://api.weixin.qq.com"
"""The service itself; a stand-in is elsewhere."""


@value
class Account:
    """An official account; ``secret`` is what its calls are made with. Shows neither in a log."""

    app_id: str
    secret: str
    api_url: str = API_URL

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"Account(app_id={self.app_id!r}, api_url={self.api_url!r})"
