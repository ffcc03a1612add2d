"""Names of the coordinate frames, written once (REP-103, REP-105 conventions)."""

WORLD = 'world'
BASE = 'link_base'
"""Root of the arm: z up, x forward. Every pose and cloud after perception is in this frame."""
FLANGE = 'link_eef'
"""Tool flange of the xArm7: z points out of the flange."""
FREEDOM_ROOT = 'hand_base_link'
"""Root of the six-motor hand; poses of a `HandGrasp` are of this frame."""
SHADOW_ROOT = 'rh_palm'
"""Root of the Shadow Hand; poses of a `Grasp` are of this frame."""
CAMERA = 'camera_link'
CAMERA_DEPTH_OPTICAL = 'camera_depth_optical_frame'
CAMERA_COLOR_OPTICAL = 'camera_color_optical_frame'
