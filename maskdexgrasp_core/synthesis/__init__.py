"""Grasps on a known shape: made by optimisation, refined, ranked, squeezed."""
