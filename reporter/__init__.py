"""`reporter`: the forecast blog that writes itself."""

__version__ = "0.1.0"
