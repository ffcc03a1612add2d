"""The learned model: grasps as tokens, and the networks that write and read them."""
