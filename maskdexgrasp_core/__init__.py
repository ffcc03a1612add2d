"""MaskDexGrasp without ROS: perception, grasp generation, retargeting, planning, simulation."""

__version__ = '0.1.0'
