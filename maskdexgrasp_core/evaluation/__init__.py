"""How good grasps are: physics checks under named protocols, and metrics of geometry.

Every metric is a module of its own that states its definition, source and unit.
"""
