"""From a depth picture or cloud and a sentence to one completed object."""
