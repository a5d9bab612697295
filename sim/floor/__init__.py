"""The floor of a hall: people who touch kiosks, read windows and hear calls, and staff who press keypads.

Everything goes through devices and pages, as it does in a real hall, and so it suffers what befalls them.
"""
