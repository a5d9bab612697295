"""What is said on a radio channel: frames, reliable datagrams, and the payloads within them."""
