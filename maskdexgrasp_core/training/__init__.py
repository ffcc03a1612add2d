"""Trains the networks of `model`: data in memory, one loop, and a recipe for each network."""
