"""Headquarters: every hall's events, as the halls have them."""
