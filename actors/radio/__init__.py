"""What a hall knows of its radio: gateways, and the terminals behind them."""
