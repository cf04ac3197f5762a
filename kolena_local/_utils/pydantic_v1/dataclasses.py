"""Pydantic 1's dataclass, whichever version of pydantic is installed."""

from pydantic.v1.dataclasses import dataclass

__all__ = ["dataclass"]
