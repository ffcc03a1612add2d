"""Checked, described grasps: where they come from, how they are stored, built and read."""

from maskdexgrasp_core.dataset.grasp_table import GraspTable
from maskdexgrasp_core.dataset.reader import Dataset, open_dataset
from maskdexgrasp_core.dataset.record import GraspChecks, GraspRecord, ObjectRecord

__all__ = ['Dataset', 'GraspChecks', 'GraspRecord', 'GraspTable', 'ObjectRecord', 'open_dataset']
