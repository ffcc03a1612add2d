"""Household objects: procedural families with named parts, and meshes of the user."""

from maskdexgrasp_core.objects.catalog import CATEGORIES, make_object
from maskdexgrasp_core.objects.family import COLORS, Family
from maskdexgrasp_core.objects.model import ObjectModel, Part

__all__ = ['CATEGORIES', 'COLORS', 'Family', 'ObjectModel', 'Part', 'make_object']
