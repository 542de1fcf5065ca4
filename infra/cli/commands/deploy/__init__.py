"""Commands for deployed apps."""
