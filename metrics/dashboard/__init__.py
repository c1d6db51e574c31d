"""The first page of the back office: what the bots did lately, from their rollups."""
