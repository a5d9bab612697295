"""What queueing theory says of networks that it can solve, beside what a hall's actors do in them, and Ciw.

Times and rates are per any one unit. Formulas of single queues are in the modules named after what is special
about them; `network` puts them together, `hall` and `peer` run them, `table` sets all three side by side.
"""
