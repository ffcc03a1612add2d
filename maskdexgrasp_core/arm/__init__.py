"""Kinematics, collision checks, planning and trajectories of the arm with its hand."""
