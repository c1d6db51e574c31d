"""The import's pages in the back office."""
