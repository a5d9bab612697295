"""The kinds of problems with gateways, terminals and their pairing; see `runtime.http.kinds`."""

from collections.abc import Mapping
from types import MappingProxyType

from runtime.http.kind import Kind, kind

RADIO_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "unknown-gateway": kind(
            404,
            "The hall has no such gateway",
            "The hall's gateways are in its configuration.",
            "该大厅没有这个无线网关；网关见配置文件。",
        ),
        "unknown-terminal": kind(
            404,
            "The gateway has no terminal with that radio address",
            "Add the terminal to the gateway in the configuration, or name the address that it has there.",
            "该网关没有此无线地址的终端；请在配置文件中添加，或使用配置中的地址。",
        ),
        "pairing-open": kind(
            409,
            "Another pairing is open at the gateway",
            "A gateway has one pairing at a time. Wait until it is over, or end it with DELETE.",
            "该网关正在进行另一次配对；请等它结束，或用 DELETE 结束它。",
        ),
        "pairing-refused": kind(
            422,
            "The pairing cannot be opened",
            "The detail says why: the pairing code, the seconds, or the segment's security.",
            "无法开始配对，原因见说明：配对码、时间或该网段的安全设置。",
        ),
        "not-stored": kind(
            503,
            "The change could not be stored",
            "The detail names the file and what is wrong with it; send the request again once that is mended.",
            "更改未能保存，原因见说明；修复后请重新发送。",
        ),
    }
)
