"""The configuration of a process: TOML in, checked values out."""
