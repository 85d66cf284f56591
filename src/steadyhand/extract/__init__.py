"""Finding domains, IP addresses and URIs in a text, defanged or not, each with its place. Floor 0: knows only text."""

from steadyhand.extract.scan import extract_resource, find_entities
from steadyhand.extract.text_view import KINDS, Found, Kind

__all__ = ["KINDS", "Found", "Kind", "extract_resource", "find_entities"]
