"""Household objects: procedural families with named parts, and meshes of the user."""
