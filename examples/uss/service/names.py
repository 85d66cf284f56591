"""One spelling for a URI, so that a rating is found whichever way it is asked for. Refuses what is still defanged."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

MAX_URI = 2048
DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
_DEFANGED = re.compile(r"hxxp|\[\.\]|\(\.\)|\[dot\]|\[:", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def canonical(uri: str) -> str:
    """Scheme and host in lower case, no default port, no dot at a host's end; path and query stay as they are.

    Takes a URL, a domain name or an IP address. Raises ValueError, with a sentence, for anything else.
    """
    text = uri.strip()
    if not text or len(text) > MAX_URI or any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError(f"a URI has 1 to {MAX_URI} characters and no blanks")
    if _DEFANGED.search("/".join(text.partition("?")[0].split("/", 3)[:3])):  # further on, anything may stand in a URL
        raise ValueError("the URI is defanged; send it as it works on the wire")
    return _url(text) if "://" in text else _host(text)


def _url(text: str) -> str:
    parts = urlsplit(text)  # raises ValueError for a broken IPv6 host
    if not parts.hostname:
        raise ValueError("the URL has no host")
    host = _host(parts.hostname)
    host = f"[{host}]" if ":" in host else host
    port = parts.port  # raises ValueError when it is no number below 65536
    if port is not None and port != DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path}{query}"


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        name = text.lower().rstrip(".")
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError("not a host name") from error
    if not _HOST.fullmatch(name):
        raise ValueError("neither a URL nor a domain nor an IP address")
    return name
