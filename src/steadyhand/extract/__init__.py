"""Finding domains, IP addresses and URIs in a text, defanged or not, each with its place. Floor 0: knows only text."""

from steadyhand.extract.scan import KINDS, Found, Kind, extract_resource

__all__ = ["KINDS", "Found", "Kind", "extract_resource"]
