"""ROS 2 nodes of MaskDexGrasp: thin adapters between messages and `maskdexgrasp_core`."""
