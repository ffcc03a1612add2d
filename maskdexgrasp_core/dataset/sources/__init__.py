"""Where grasps come from: every source gives the same records, a unit of work at a time."""
