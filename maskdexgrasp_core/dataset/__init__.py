"""Checked, described grasps: where they come from, how they are stored, built and read."""
