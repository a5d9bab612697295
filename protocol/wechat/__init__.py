"""What WeChat and a hall say to each other: callbacks, replies, scenes, menus, templates, error codes."""
