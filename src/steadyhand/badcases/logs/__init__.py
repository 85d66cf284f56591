"""Logs of what ran online, in the formats that people have, as dialogues. Nothing is dropped silently."""
