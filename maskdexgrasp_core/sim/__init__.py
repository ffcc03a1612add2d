"""The MuJoCo world: robot, table, objects, depth camera, and drivers around them.

Nothing but contact and friction holds an object in here.
"""
