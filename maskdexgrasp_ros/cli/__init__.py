"""The `maskdexgrasp` command: the core's commands, and those that start the graph."""
