"""From grasps of the Shadow Hand to grasps of a real hand, stage by stage."""
