"""The commands that need no ROS 2; `maskdexgrasp_ros.cli` has the others."""
