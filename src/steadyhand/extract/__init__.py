"""Finding domains, IP addresses and URIs in a text, defanged or not, each with its place. Floor 0: knows only text."""

from steadyhand.extract.page import KINDS, Found, Kind
from steadyhand.extract.scan import extract_resource

__all__ = ["KINDS", "Found", "Kind", "extract_resource"]
