"""Any metric of a bot over time: asked for in the address, as a chart and a table."""
