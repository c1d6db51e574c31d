"""The part of BotStore that every app's calls stand on, and the calls about the bot itself."""
