"""Lists of any length: pages, search, filters."""
