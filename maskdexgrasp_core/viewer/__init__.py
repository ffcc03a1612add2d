"""Pictures for people: grasps, galleries, the strip of a run."""

from maskdexgrasp_core.viewer.gallery import compose_gallery
from maskdexgrasp_core.viewer.grasp_picture import GraspPicture
from maskdexgrasp_core.viewer.strip import StripPanel, compose_strip

__all__ = ['GraspPicture', 'StripPanel', 'compose_gallery', 'compose_strip']
