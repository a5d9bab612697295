"""WeChat's stand-in over real HTTP: its calls, its callbacks, and a page with the phones of its people.

The stand-in itself is a model without sockets and without a clock, which is given (`model.Model`).
"""
