"""A member in a partner's tongue, and read back.

A new programme is a module of the shape `mappers.base.Mapper`, its XSD with a SOURCE.md, a golden
pair under tests/mappers/golden, and a row here.
"""

from mappers import israel_aeo, korea_aeo, neec, pip, taiwan_aeo
from mappers.base import Mapper, Misread

__all__ = ("MAPPERS", "Mapper", "Misread")

MAPPERS: dict[str, Mapper] = {
    "mx-neec": neec,
    "ca-pip": pip,
    "tw-aeo": taiwan_aeo,
    "il-aeo": israel_aeo,
    "kr-aeo": korea_aeo,
}
