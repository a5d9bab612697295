"""A stand-in of WeChat's service for official accounts: sans-I/O and without a clock, over HTTP and in SimPy.

`stand_in.StandIn` is the whole: requests in and replies out, callbacks out and their answers in, people with
phones. All times are seconds of Unix time, because WeChat's day ends at a wall clock's midnight and its
callbacks carry a date; they never go back. All chance is drawn from the generator that is given.

It follows the public documentation as the project's fact sheet sums it up. Where no text says what the real
service does, a comment says "unsure", and the stricter of the possibilities is taken.
"""
