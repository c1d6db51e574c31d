"""What BotStore costs, beside other ways to keep a bot's messages."""
