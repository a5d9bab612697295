"""Tickets on paper: what is printed, and what is said to an ESC/POS printer and understood from it."""
