"""Energies of a grasp: one function each, from batched tensors to one value a grasp."""
