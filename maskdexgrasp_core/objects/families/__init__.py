"""The procedural families, by kind; `catalog` registers them."""
