"""A run taken back: its rows go, what it changed is as before."""
