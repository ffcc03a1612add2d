"""Batched rigid transforms, point clouds and signed distances."""
