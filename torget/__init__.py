"""Torget: the open digital town square of a Norwegian municipality."""

__version__ = "0.1.0"
