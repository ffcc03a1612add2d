"""Runs a planned grasp on an arm and a hand through their driver protocols."""
