"""Ready scenarios, as files: `paihao simulate --list` shows them."""
