"""Grasps made on procedural objects: synthesised for a task's part, settled and checked."""

from maskdexgrasp_core.dataset.sources.procedural.source import ProceduralSource

__all__ = ['ProceduralSource']
