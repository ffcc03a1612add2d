"""The arm: kinematics, collision-checked planning and time-optimal trajectories."""
