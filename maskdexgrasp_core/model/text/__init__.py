"""Sentences as vectors, for the networks that listen to them."""
