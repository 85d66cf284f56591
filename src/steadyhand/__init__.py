"""Steadyhand turns a small open model into a vertical agent that you can sign off."""

__version__ = "0.1.0"
