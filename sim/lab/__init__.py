"""The laboratory: a hall's day rehearsed with people, staff and appointments, and what was seen of it."""
